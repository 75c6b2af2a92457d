import type { JsonObject } from '../plan/json';
import type { LateJson } from '../plan/late';
import { LateValue } from './output';
import type { SecretsManagerOptions, SsmParameterOptions } from './secret-places';

/**
 * A value that must never be seen: read when the plan runs, by reference. Only the reference is in the plan and in digests; the
 * value reaches the step that uses it and is removed from everything that is printed or written.
 */
export class Secret extends LateValue<string> {
  /** The environment variable `name` of the process that runs the build. */
  static fromEnv(name: string): Secret {
    return new Secret('env', { name });
  }

  /** The content of a file, without one newline at its end. Relative paths start from the program's folder. */
  static fromFile(path: string): Secret {
    return new Secret('file', { path });
  }

  /** What a command prints, without one newline at its end: the command and its arguments, no shell. */
  static fromCommand(command: string, args: readonly string[] = []): Secret {
    return new Secret('command', { command, args });
  }

  /**
   * A parameter of AWS Systems Manager, decrypted where it is a SecureString. It is read by `goldsmith/aws`, which needs the package
   * `@aws-sdk/client-ssm`.
   *
   * @param name such as `/acme/registry/token`, or its ARN
   */
  static fromSsmParameter(name: string, options: SsmParameterOptions = {}): Secret {
    return new Secret('amazon-parameterstore', { name, ...options }, 'goldsmith/aws');
  }

  /**
   * A secret of AWS Secrets Manager, or with `key` one of the values in it. It is read by `goldsmith/aws`, which needs the package
   * `@aws-sdk/client-secrets-manager`.
   *
   * @param id its name or ARN
   */
  static fromSecretsManager(id: string, options: SecretsManagerOptions = {}): Secret {
    return new Secret('amazon-secretsmanager', { id, ...options }, 'goldsmith/aws');
  }

  /**
   * Any other place, read by the secret extension `from`: how platforms and third parties offer theirs.
   *
   * @param module npm module that exports the extension
   */
  static from(from: string, reference: JsonObject, module?: string): Secret {
    return new Secret(from, reference, module);
  }

  private constructor(
    /** Which secret extension reads it. */
    readonly from: string,
    private readonly reference: JsonObject,
    /** The module that exports the extension; undefined for goldsmith's own. */
    readonly module?: string,
  ) {
    super();
  }

  /** How the plan writes it: the reference. */
  toPlan(): LateJson {
    return { $secret: { ...this.reference, from: this.from } };
  }

  protected describe(): string {
    return `a secret (${this.from})`;
  }
}
