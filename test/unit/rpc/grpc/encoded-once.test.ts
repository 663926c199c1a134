import { expect, test } from 'vitest';
import { encodedOnce } from '../../../../rpc/grpc/index.ts';
import { serviceDefinition, sharing } from '../../../../rpc/grpc/protos.ts';

test('a message that goes to many is encoded once, as any other is', () => {
  const { WatchPlacement } = sharing(serviceDefinition('Cluster'));
  const plain = serviceDefinition('Cluster').WatchPlacement;
  const message = { number: 7, members: [{ worker_id: 'w', node: 'n' }] };
  const bytes = WatchPlacement.responseSerialize(message);
  expect(bytes).toEqual(plain.responseSerialize(message));
  expect(WatchPlacement.responseSerialize(message)).not.toBe(bytes);
  encodedOnce(message);
  const first = WatchPlacement.responseSerialize(message);
  expect(first).toEqual(bytes);
  expect(WatchPlacement.responseSerialize(message)).toBe(first);
});
