import * as os from 'node:os';
import type { ApiCall } from '../../rehearsal/aws/call';
import type { Refusal } from '../../rehearsal/aws/faults';
import { startMoto, takenByMoto, type Moto } from '../../rehearsal/aws/moto';
import { startProxy, type AwsProxy } from '../../rehearsal/aws/proxy';

/** moto behind a proxy that counts the calls, and that a test can have answer in moto's place. */
export class CountedMoto {
  static async start(): Promise<CountedMoto> {
    return new CountedMoto(await startMoto()).open();
  }

  /** Answers a call in moto's place. */
  instead: ((call: ApiCall) => Refusal | undefined) | undefined;
  private proxy!: AwsProxy;

  private constructor(private readonly moto: Moto) {}

  get url(): string {
    return this.proxy.url;
  }

  /** Names of the calls since the last {@link forget}, such as `RunInstances`. */
  get calls(): readonly string[] {
    return this.proxy.passed.map(({ action }) => action);
  }

  /** What the published model does not allow in what was asked since the last {@link forget}, where the model is here. */
  get problems(): readonly string[] {
    return this.proxy.problems('request');
  }

  /** The environment of a run that is pointed at it. */
  env(): Record<string, string> {
    return {
      HOME: os.tmpdir(),
      AWS_ENDPOINT_URL: this.url,
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'testing-secret',
      AWS_REGION: 'eu-west-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      // It makes everything at once.
      GOLDSMITH_REHEARSAL_SPEED: '100',
    };
  }

  /** Counts anew. */
  forget(): void {
    this.proxy.forget();
  }

  /** Counts anew, and everything that was made is gone. */
  async reset(): Promise<void> {
    await this.moto.reset();
    this.instead = undefined;
    this.forget();
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.moto.stop();
  }

  private async open(): Promise<this> {
    const instead = (call: ApiCall): Refusal | undefined => this.instead?.(call);
    this.proxy = await startProxy({ target: this.moto.url, rewrite: takenByMoto, instead });
    return this;
  }
}
