# SPDX-License-Identifier: Apache-2.0
"""The paper's figures for a results file of dwellmap-analyze, as one HTML page."""
