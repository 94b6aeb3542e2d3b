export { loadCatalog } from './catalog.ts'
export { canonicalKey } from './codec/attribute.ts'
export { encodeValue } from './codec/avro.ts'
export { type Container, type ContainerCodec, readContainer, writeContainer } from './codec/container.ts'
export { type Batch, readChangeEvent, type StreamRecord } from './codec/lambda-event.ts'
export { createWorker, type Worker, type WorkerOptions } from './delivery/create-worker.ts'
export type { ErrorFile } from './delivery/error-file.ts'
export { createHandler, type Handler, type HandlerContext } from './delivery/handler.ts'
export { type Plan, type PlanRules, planBatch, planRows, type ReadRecord } from './delivery/plan.ts'
export {
  type ChangeOrigin,
  type EncodedRow,
  encodeRow,
  type Rejected,
  type Row,
  type RowRules,
  readRow,
  rowOf,
} from './delivery/row.ts'
export { toRules } from './delivery/rules.ts'
export { jsonLog } from './delivery/telemetry.ts'
export { type DeliverOptions, type Delivery, deliverBatch, type WorkerParts } from './delivery/worker.ts'
export type { Change, Image, Operation } from './record/change.ts'
export { type Code, codes, PipelineError, type Rejection, type Stage } from './record/error.ts'
export { type Catalog, compileSchema, type RecordSchema, toCatalog } from './record/schema.ts'
export type { Field, RecordType, RecordValue, Type, Value } from './record/type.ts'
export { type Clock, type Log, type LogEntry, type Runtime, systemRuntime } from './runtime.ts'
export { readSettings, type Settings } from './settings.ts'
export { openDirectoryStore } from './store/directory.ts'
export { openStore } from './store/open.ts'
export type {
  ObjectInfo,
  ObjectStore,
  ObjectVersion,
  ObjectVersions,
  PutCondition,
  PutOutcome,
  StoredObject,
} from './store/store.ts'
