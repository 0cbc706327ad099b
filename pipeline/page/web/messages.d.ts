// SPDX-License-Identifier: Apache-2.0
// The messages of the analyzer, as web_message, result_json, series_json, population_json and field_views_json write
// them. Only for the type checker. JSON has no NaN: what may be unknown is null.

export type Maybe = number | null;

export type Message = StatusMessage | AnalysisMessage | FrameMessage;

export interface StatusMessage {
  status: Status;
  frame?: undefined;
  analysis?: undefined;
}

export interface AnalysisMessage {
  status: Status;
  frame?: undefined;
  analysis: Analysis;
}

export interface FrameMessage {
  status: Status;
  frame: Frame;
  analysis?: undefined;
  series: Series | null;
  pca: ModeSet[];                  // [2], of the first and the second species
  maps: MapLayer[];
  flags: Record<string, string>;   // meaning of each bit of Atoms.flags
  stages: string[];                // keys of Frame.time_us, in order
  rows: [number, number][];        // scanned rows: first and count of each run
  trend: Trend;
  image: Image;
}

// Status

export interface Status {
  version: string;
  state: 'waiting' | 'live' | 'stale' | 'ended' | 'disconnected';
  counters: Counters | null;       // this and silence_s are null before the analysis has called
  silence_s: Maybe;
  latency: { median_ms: number; worst_ms: number; count: number } | null;
  recording: LiveRecording;
}

export type Counters = Record<'received' | 'blocks' | 'merged' | 'duplicate' | 'orphan' | 'rejected' | 'reordered' |
  'lost' | 'lost_rows' | 'ignored' | 'frames' | 'overwritten' | 'analysed' | 'failed', number>;

export interface Recording {
  state: 'off' | 'recording' | 'failed';
  file: string;
  error: string;
  frames: number;
  blocks_dropped: number;
  bytes: number;
  seconds: number;
}

export interface LiveRecording extends Recording {
  before_s: number;
}

/** To POST /command; a refusal is plain text and has no recording. */
export interface CommandReply {
  ok: boolean;
  text: string;
  recording?: Recording;
}

// A frame

export interface Frame {
  number: number;
  series: string | null;
  rows_valid: number;
  complete: boolean;
  unit: 'nm' | 'px';
  length_per_px: number;
  species_names: string[];         // [4] first, second, anion, vacancy
  atoms: Atoms;
  scores: Scores;
  lattice: Lattice;
  drift_px: [number, number];
  sigma_px: number;
  ellipticity: number;
  ellipticity_rad: number;
  row_shifts: { y_px: number[]; dx_px: Maybe[]; dy_px: Maybe[]; se_px: Maybe[] };
  background: Maybe;
  chi2: Maybe;
  species: SpeciesResult;
  notes: string[];
  time_us: Record<string, number>;
  latency_us: number;
}

/** A value each column. */
export interface Atoms {
  count: number;
  id: number[];                    // -1: no track
  x_px: number[];
  y_px: number[];
  se_x_px: Maybe[];
  se_y_px: Maybe[];
  amplitude: Maybe[];
  se_amplitude: Maybe[];
  background: Maybe[];
  chi2: Maybe[];
  p_second: Maybe[];
  site: number[];                  // 0 cation, 1 anion, 2 other
  species: number[];               // index of Frame.species_names; -1: unknown
  n: number[];                     // -1: not all neighbours are there
  complete: number[];
  flags: number[];
}

/** A value each atom that has any of them, in the frame's unit. */
export interface Scores {
  atom: number[];                  // index of Atoms
  isotropic: Maybe[];
  se_isotropic: Maybe[];
  order_parameter: Maybe[];
  se_order_parameter: Maybe[];
  zigzag: Maybe[][];               // [3][scores]
  pca: Maybe[][];                  // [6][scores]
  se_pca: Maybe[][];
}

export interface Lattice {
  found: boolean;
  a1_px: [number, number];
  a2_px: [number, number];
  a_px: number;
  se_a_px: Maybe;
  rotation_rad: number;
  anisotropy: number;
}

export interface SpeciesResult {
  threshold: Maybe;
  quantile_threshold: Maybe;
  fraction_second: Maybe;
  expected_second: Maybe;
  mean_first: Maybe;
  sigma_first: Maybe;
  mean_second: Maybe;
  sigma_second: Maybe;
  clusters: number[];              // [8]
}

export interface Series {
  uuid: string;
  name: string;
  specimen: string;
  channel: string;
  rows_px: number;
  cols_px: number;
  expected_frames: number;
  pixel_size_nm: Maybe;
  rotation_rad: Maybe;
  dwell_us: Maybe;
  line_us: Maybe;
  flyback_us: Maybe;
  high_tension_v: Maybe;
  composition: Maybe;
}

export interface ModeSet {
  species: string;
  neighbours: number;
  count: number;
  mean: number[];                  // [2 neighbours]
  modes: Mode[];                   // empty before there are enough atoms
  isotropic: Maybe;                // index of modes
  symmetry_breaking: Maybe;
}

export interface Mode {
  loadings: number[];              // [2 neighbours]
  variance: Maybe;
  explained: Maybe;
  name: 'unnamed' | 'isotropic' | 'symmetry breaking' | 'shear' | 'translation' | 'rotation';
  overlap: Maybe;
}

export interface MapLayer {
  name: string;
  rows: number;
  cols: number;
  step_px: number;
  value: Float32Array;             // both behind the JSON, row by row; NaN where nothing is known
  sigma: Float32Array;
}

/** A value each complete frame of the series. */
export interface Trend extends Record<TrendName | `se_${TrendName}`, Maybe[]> {
  frame: number[];
}

export type TrendName = 'order_parameter' | 'fraction' | 'lattice';

export interface Image {
  width: number;
  height: number;
  factor: number;                  // pixels of the frame a pixel of the image
  rows_px: number;
  cols_px: number;
  low: number;                     // counts shown as 0 and as 255
  high: number;
  pixels: Uint8Array;              // behind the JSON, [height × width], row by row
}

// The series

export interface Analysis {
  frame: number;
  uuid: string;
  unit: 'nm' | 'px';
  left_out: string;                // why the field is not in the statistics; empty: it is
  library: string;                 // what is wrong with the library's file
  statistics: Statistics;
  views: Views;
  densities: Densities[];
}

export interface Statistics {
  fields: Field[];
  pca: SeriesModeSet[];            // as all below, only of species that have modes
  mixtures: Mixture[];
  kmeans: Classes[];
  regression: Regression[];
}

export interface Field {
  key: string;
  name: string;
  unit: 'nm' | 'px';
  composition: Maybe;
  frames: number;
  atoms: number;
}

export interface SeriesModeSet extends ModeSet {
  scope: 'series';
  row_direction: number;
}

export interface Fit {
  k: number;
  weights: number[];               // [k], as the next two
  means: number[];
  sigmas: number[];
  se_means: Maybe[];
  log_likelihood: Maybe;
  bic: Maybe;
}

export interface Mixture extends Fit {
  species: string;
  composition: number;
  n: number;
  count: number;
  age: number;
  true_sigmas: Maybe[];
  delta_bic: Maybe;
  fits: Fit[];                     // [3]
  symmetric: { separation: Maybe; se: Maybe; sigma: Maybe; bic: Maybe };
  symmetric_pair: boolean;
}

export interface Classes {
  scope: 'series';
  species: string;
  k: number;
  silhouettes: Record<string, Maybe>;  // by k
  silhouettes_age: number;
  centres: number[][];             // [k][2 neighbours]
  counts: number[];                // [k]
  fractions: { composition: number; fraction: number[] }[];
  inertia: Maybe;
}

export interface Regression {
  species: string;
  response: string;
  gp: Surface;
  gp_by_composition: { x: number; n: number[]; mean: Maybe[]; sd: Maybe[]; age: number }[];
  estimates: Estimate[];
}

/** Mean and sd [x][n]; x is empty before there are atoms. */
export interface Surface {
  n: number[];
  x: number[];
  mean: Maybe[][];
  sd: Maybe[][];
  design_effect: number;
  cells: { n: number; x: number; count: number; mean: Maybe; sd: Maybe }[];
  parameters: Record<'variance' | 'length_n' | 'length_x' | 'noise_variance' | 'mean' | 'log_likelihood', Maybe>;
}

export type Coefficient = 'a' | 'b' | 'c' | 'd';

/** D = a n + b x + c n_outer + d; ratio = b/(6a). The errors named _model are as of independent atoms. */
export interface Estimate extends Record<Coefficient | `se_${Coefficient}` | `se_${Coefficient}_model` |
  'ratio' | 'se_ratio' | 'se_ratio_model' | 'ratio_low' | 'ratio_high', Maybe> {
  name: string;
  label: string;
  count: number;
  age: number;
  errors_age: number;
  converged: boolean;
}

export interface Densities {
  species: string;
  pairs: Density[];
}

/** Counts [bins × bins] of the scores of two modes, row by row from y_low. */
export interface Density {
  x: number;                       // index of a mode
  y: number;
  bins: number;
  x_low: number;
  x_high: number;
  y_low: number;
  y_high: number;
  counts: number[];
}

// A field of view

export interface Views {
  fourier: Fourier;
  neighbour_histogram: NeighbourHistogram;
  order: Order;
  cluster_probabilities: Maybe[];  // [8] of k atoms of the second species, as all below
  cluster_low: Maybe[];
  cluster_high: Maybe[];
  cluster_independent: Maybe[];
  cluster_binomial: Maybe[];
  cluster_quasichemical: Maybe[];
  cluster_discrepancy: Maybe;
  warren_cowley: { alpha: Maybe; se: Maybe };
  ordering_energy: { kT: Maybe; se: Maybe };
}

export interface Fourier {
  size: number;                    // 0: no spectrum
  step_per_px: number;
  grey: number[];                  // [size × size], 0 to 255
  low: Maybe;
  high: Maybe;
  a_px: Maybe;
  anisotropy: Maybe;
  peaks: Peak[];                   // [3], by direction, as the next two
  second_order: Peak[];
  half_order: HalfOrderPeak[];
}

export interface Peak {
  gx_per_px: Maybe;                // null: not found
  gy_per_px: Maybe;
  intensity: Maybe;
  background: Maybe;
  width_radial_per_px: Maybe;
  width_tangential_per_px: Maybe;
  splitting_per_px: Maybe;         // 0: one peak
  splitting_significance: Maybe;
}

export interface HalfOrderPeak {
  gx_per_px: Maybe;
  gy_per_px: Maybe;
  ratio: Maybe;
  significance: Maybe;
}

export interface NeighbourHistogram {
  neighbours: number;
  cations: number;
  bins: number;
  bin_a: number;
  counts: number[];                // [bins × bins]
  sites: Site[];                   // [neighbours]
}

/** Lengths in lattice parameters. */
export interface Site {
  u_a: Maybe;
  v_a: Maybe;
  widest_a: Maybe;
  narrowest_a: Maybe;
  widest_rad: Maybe;
  splitting_a: Maybe;              // 0: none
  splitting_significance: Maybe;
}

export interface Order {
  structure_factor: Maybe[];       // [3], by direction, as the next two
  background: Maybe[];
  structure_factor_se: Maybe[];
  long_range: { species: number; order: Maybe; se: Maybe; correlation_length_a: Maybe }[];
  hexatic: { mean: Maybe; se: Maybe };
  tetratic: { mean: Maybe; se: Maybe };
}
