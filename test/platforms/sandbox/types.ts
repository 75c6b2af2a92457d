export type { Artifact, ProcessContext, ResourceRecord } from '../../../lib/extension';
export type { Json } from '../../../lib/plan';
