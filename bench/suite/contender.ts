/** Who can take part in a row, by name. */
export type ContenderName =
  | 'native'
  | 'larder'
  | 'larder passthrough'
  | 'larder none'
  | 'larder daemon'
  | 'fuse-native'
  | 'baseline'
  | 'rclone'
  | 's3fs';

/** Of these the best one counts where a target is against the peers. */
export const PEERS: readonly ContenderName[] = ['rclone', 's3fs'];
