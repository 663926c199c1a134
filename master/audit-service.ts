/** The Audit service. */
import type { AuditHandlers } from '../proto/generated/larder/v1/Audit.ts';
import type { Handlers } from '../rpc/grpc/index.ts';
import type { Auditor } from './audit.ts';

export function auditService(handlers: Handlers, auditor: Auditor): AuditHandlers {
  return {
    AuditDataset: handlers.serverStream((request, { signal }) => auditor.audit(request, signal)),
  };
}
