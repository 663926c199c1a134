/**
 * What well-known training jobs read, per accelerator: for forecasts of jobs that are like one of them.
 *
 * Source: the configurations of MLPerf Storage (H100; retinanet: B200). Sizes are of files; `filesPerSecond` is what
 * one accelerator reads while it computes all the time.
 */
export interface Workload {
  readonly fileBytes: number;
  /** 0: all alike. */
  readonly deviationBytes: number;
  /** Of one accelerator that never waits. */
  readonly bytesPerSecond: number;
  /** Of a dataset of the usual size. */
  readonly files: number;
}

export const WORKLOADS = {
  unet3d: workload({
    fileBytes: 146_600_628,
    deviationBytes: 68_341_808,
    samplesPerFile: 1,
    batch: 7,
    computeSeconds: 0.323,
    files: 3_500,
  }),
  resnet50: workload({
    fileBytes: 1_251 * 114_660,
    deviationBytes: 0,
    samplesPerFile: 1_251,
    batch: 400,
    computeSeconds: 0.224,
    files: 1_024,
  }),
  cosmoflow: workload({
    fileBytes: 2_828_486,
    deviationBytes: 0,
    samplesPerFile: 1,
    batch: 1,
    computeSeconds: 0.0035,
    files: 524_288,
  }),
  retinanet: workload({
    fileBytes: 322_957,
    deviationBytes: 0,
    samplesPerFile: 1,
    batch: 24,
    computeSeconds: 0.04755,
    files: 1_170_301,
  }),
} as const satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof WORKLOADS;

export function isWorkloadName(name: string): name is WorkloadName {
  return Object.hasOwn(WORKLOADS, name);
}

interface Configuration {
  readonly fileBytes: number;
  readonly deviationBytes: number;
  readonly samplesPerFile: number;
  /** Samples of one step. */
  readonly batch: number;
  /** Of one step. */
  readonly computeSeconds: number;
  readonly files: number;
}

function workload(configuration: Configuration): Workload {
  const { fileBytes, deviationBytes, samplesPerFile, batch, computeSeconds, files } = configuration;
  const bytesPerSecond = (batch * (fileBytes / samplesPerFile)) / computeSeconds;
  return { fileBytes, deviationBytes, bytesPerSecond, files };
}
