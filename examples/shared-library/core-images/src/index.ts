export { AcmeCore, type AcmeCoreProps } from './acme-core';
export { EveryImageIsVerified } from './every-image-is-verified';
export { Hardening, type HardeningProps } from './hardening';
