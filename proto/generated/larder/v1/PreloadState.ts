// Original file: proto/larder/v1/preload.proto

export const PreloadState = {
  PENDING: 'PENDING',
  RUNNING: 'RUNNING',
  COMPLETE: 'COMPLETE',
  PARTIAL: 'PARTIAL',
  CANCELLED: 'CANCELLED',
  FAILED: 'FAILED',
} as const;

export type PreloadState =
  | 'PENDING'
  | 0
  | 'RUNNING'
  | 1
  | 'COMPLETE'
  | 2
  | 'PARTIAL'
  | 3
  | 'CANCELLED'
  | 4
  | 'FAILED'
  | 5

export type PreloadState__Output = typeof PreloadState[keyof typeof PreloadState]
