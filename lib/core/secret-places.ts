/** Which account of AWS a value is read from, and how. Credentials come by the SDKs' own chain: see docs/aws.md. */
export interface AwsValueOptions {
  /** Region that it is in. @default - AWS_REGION, AWS_DEFAULT_REGION, or the profile's */
  readonly region?: string;
  /** Profile in the SDKs' files. @default - the environment's credentials, AWS_PROFILE, or `default` */
  readonly profile?: string;
  /** Role to assume for it. @default - none */
  readonly roleArn?: string;
  /** What the owner of the role asks for. @default - none */
  readonly externalId?: string;
}

/** Options of {@link Secret.fromSsmParameter}. */
export interface SsmParameterOptions extends AwsValueOptions {
  /** Version or label of the parameter. @default - the newest */
  readonly version?: number | string;
}

/** Options of {@link Secret.fromSecretsManager}. */
export interface SecretsManagerOptions extends AwsValueOptions {
  /** Key of the value, where the secret is a JSON object of several. @default - all of its text */
  readonly key?: string;
  /** Stage of the version. @default 'AWSCURRENT' */
  readonly versionStage?: string;
  /** Id of the version. @default - that of the stage */
  readonly versionId?: string;
}
