// Original file: proto/larder/v1/cluster.proto

export const MemberState = {
  ACTIVE: 'ACTIVE',
  LEAVING: 'LEAVING',
} as const;

export type MemberState =
  | 'ACTIVE'
  | 0
  | 'LEAVING'
  | 1

export type MemberState__Output = typeof MemberState[keyof typeof MemberState]
