import type { Probe } from './doctor';
import type { ProbeMachine } from './doctor-probes';

/** What the platforms say of this machine: each is asked by its own probe. */
export function platformProbes(_machine: ProbeMachine): Probe[] {
  return [];
}
