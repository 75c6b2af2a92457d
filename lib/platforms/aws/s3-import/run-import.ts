import * as path from 'node:path';
import { GoldsmithError, type Problem } from '../../../errors';
import type { Artifact } from '../../../extension/artifact';
import type { ProcessContext, RunContext } from '../../../extension/context';
import { slug } from '../../../util/slug';
import { renderTemplate } from '../../../util/template';
import { AwsError, failed } from '../api/errors';
import { owning } from '../driver/kinds';
import { copy } from '../driver/copy-image';
import { preflightImage, takeName } from '../direct/preflight-image';
import { publishImage } from '../direct/publish-image';
import { withApis } from '../direct/resources';
import type { AmazonImportConfig } from '../props/amazon-import-props';
import { fileFor } from './file-for';
import { upload } from './objects';
import { importImage, untilImported } from './task';

const USE = 'amazon-import';

/** Everything that can be known to be wrong before anything is built. */
export function preflightImport(config: AmazonImportConfig, ctx: RunContext): Promise<readonly Problem[]> {
  return preflightImage(config, ctx, async (api) => {
    try {
      await api.call('s3:HeadBucket', { Bucket: config.s3BucketName }, ctx.signal);
    } catch (error) {
      // S3 answers this by a status alone.
      if (!(error instanceof AwsError) || !error.answered) throw error;
      const what = `the bucket \`${config.s3BucketName}\` is not there, or these credentials may not use it`;
      const hint = `it must be in ${api.region}: aws s3 mb s3://${config.s3BucketName} --region ${api.region}`;
      throw new GoldsmithError('PREFLIGHT_FAILED', what, { hint, cause: error });
    }
  });
}

/** Sends the file to a bucket, has AWS import it, gives the image its name by a copy, and distributes that. */
export async function runImport(
  config: AmazonImportConfig,
  inputs: readonly Artifact[],
  ctx: ProcessContext,
): Promise<Artifact> {
  const file = await fileFor(config, inputs, ctx);
  try {
    return await withApis(ctx, async (apis) => {
      const api = await apis.of(config, ctx);
      const name = await takeName(api, config, ctx);
      const bucket = config.s3BucketName;
      const key = keyOf(config, file.format, ctx);
      ctx.say(`sending ${file.name} to s3://${bucket}/${key}`);
      const { s3Encryption: encryption, s3EncryptionKey: encryptionKey } = config;
      const object = await upload(api, file.path, { bucket, key, encryption, encryptionKey }, ctx);
      const task = await importImage(api, { bucket, key, format: file.format }, config, ctx);
      ctx.say(`importing it: ${task.id!}`);
      const imported = await untilImported(api, task.id!, config, ctx);
      // What an import makes is called after its task, and a name cannot be changed.
      const home = api.region;
      const keys = { [home]: config.kmsKeyId ?? '' };
      const whole = { ...config, ...NO_RUN };
      const named = { outputs: { name } };
      const encrypting = { ...whole, regionKmsKeyIds: keys };
      const image = await copy(api, { region: home, image: imported }, named, encrypting, owning(USE, ctx));
      await ctx.release(task);
      const artifact = await publishImage(apis, api, USE, { resources: [image], name }, whole, ctx);
      if (config.skipClean === true) await ctx.keep(object);
      else await ctx.release(object);
      return artifact;
    });
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw GoldsmithError.is(error) ? failed('PROCESS_FAILED', 'the disk could not be imported', error) : error;
  } finally {
    await file.done();
  }
}

/** What builds on an instance have, and this has not. */
const NO_RUN = { runTags: undefined, skipAmiRunTags: undefined, skipSaveBuildRegion: undefined };

function keyOf({ s3KeyName }: AmazonImportConfig, format: string, { origins, node, run }: ProcessContext): string {
  if (s3KeyName === undefined) return `goldsmith-import-${run.id}-${slug(node.id)}.${format}`;
  const text = s3KeyName.replace(/\{\{\s*timestamp\s*\}\}/g, String(Math.floor(run.startedAt / 1000)));
  const [origin] = origins;
  const fields = { BuildName: slug(origin?.build ?? node.id), BuilderType: origin?.use ?? 'all' };
  const key = renderTemplate('s3KeyName', text, fields);
  // AWS tells by the ending what it is: Packer adds it too.
  return path.extname(key).toLowerCase() === `.${format}` ? key : `${key}.${format}`;
}
