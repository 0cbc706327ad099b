// SPDX-License-Identifier: Apache-2.0
// One screen at a time. Arrow keys, Home and End move between the tabs; the address keeps which one is open.
import { $ } from './dom.js';

/** @type {HTMLElement[]} */
const tabs = Array.from(document.querySelectorAll('[role="tab"]'));
/** @param {HTMLElement} tab */
const nameOf = (tab) => tab.id.replace('tab-', '');
/** @param {HTMLElement} tab */
const screenOf = (tab) => $(`screen-${nameOf(tab)}`);

export const openTab = () => nameOf(tabs.find((tab) => tab.ariaSelected === 'true') ?? tabs[0]);

/** @param {() => void} onOpen after another screen is laid out */
export function connectTabs(onOpen) {
  /** @param {HTMLElement} chosen */
  const open = (chosen) => {
    for (const tab of tabs) {
      const selected = tab === chosen;
      tab.ariaSelected = String(selected);
      tab.tabIndex = selected ? 0 : -1;
      screenOf(tab).hidden = !selected;
    }
    history.replaceState(null, '', chosen === tabs[0] ? location.pathname : `#${nameOf(chosen)}`);
    onOpen();
  };
  tabs.forEach((tab, k) => {
    tab.addEventListener('click', () => open(tab));
    tab.addEventListener('keydown', ({ key }) => {
      const to = { ArrowRight: k + 1, ArrowLeft: k - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[key];
      if (to === undefined) return;
      const next = tabs[to % tabs.length];
      next.focus();
      open(next);
    });
  });
  const openNamed = () => open(tabs.find((tab) => `#${nameOf(tab)}` === location.hash) ?? tabs[0]);
  addEventListener('hashchange', openNamed);
  openNamed();
}
