import { describeIf, testIf } from '../../helpers/requires';
import { awsCli, HAS_AWS_CLI, NO_AWS_CLI } from './aws-cli';
import { lacking, Server } from './fidelity';
import { checkRequest } from './model';
import { HAS_MOTO, NO_MOTO, startMoto, type Moto } from './moto';
import { HAS_PACKER, NO_PACKER, packerBuild, UBUNTU } from './packer';
import { startProxy, type AwsProxy } from './proxy';
import { recordedCalls, replay, type Replayed } from './replay';
import { describeWithSpecs } from './specs';
import { TRAITS } from './traits';

describeWithSpecs("Packer's recorded calls", () => {
  test('are each as the model says', () => {
    const calls = recordedCalls();
    expect(calls).toHaveLength(25);
    expect(calls.flatMap(({ action, params }) => checkRequest('ec2', action, params))).toEqual([]);
  });
});

describeWithSpecs('moto', () => {
  describeIf(HAS_MOTO, NO_MOTO, 'on this machine', () => {
    let moto: Moto;
    let proxy: AwsProxy;

    beforeAll(async () => {
      moto = await startMoto();
      proxy = await startProxy({ target: moto.url });
    });

    afterAll(async () => {
      await proxy.stop();
      await moto.stop();
    });

    test("takes Packer's recorded calls, and answers all but one thing as the model says", async () => {
      const answers = await replay(proxy.url, recordedCalls(), 20_000);
      expect(answers.filter(({ status }) => status !== 200).map(({ body }) => body)).toEqual([]);
      expect(proxy.problems('request')).toEqual([]);
      expect(proxy.problems('response')).toEqual([
        // Of the image that it makes.
        'DescribeImages.response.imagesSet.item[0].rootDeviceType: "standard" is not one of ebs, instance-store',
      ]);
      expect(lackingOf(answers)).toEqual([]);
    });

    testIf(HAS_PACKER, NO_PACKER, 'is spoken to by Packer itself as the model says', async () => {
      proxy.forget();
      const printed = await packerBuild(proxy.url, {
        source_ami_filter: UBUNTU,
        instance_type: 't3.micro',
        communicator: 'none',
        ami_name: 'packer-{{timestamp}}',
        ami_regions: ['eu-west-1'],
        ami_users: ['123456789012'],
        snapshot_users: ['123456789012'],
        tags: { OS: 'Ubuntu' },
        run_tags: { Name: 'b' },
        run_volume_tags: { V: '1' },
        snapshot_tags: { S: '1' },
      });
      expect(printed).toMatch(/us-east-1: ami-[0-9a-f]+/);
      expect(proxy.counts()).toMatchObject({ CreateImage: 1, CopyImage: 1, TerminateInstances: 1, DeleteKeyPair: 1 });
      expect(proxy.problems('request')).toEqual([]);
    });

    testIf(HAS_AWS_CLI, NO_AWS_CLI, "is spoken to by AWS's own command line as the model says", async () => {
      proxy.forget();
      const aws = awsCli({ endpoint: proxy.url });
      expect(await aws('sts', 'get-caller-identity')).toMatchObject({ Account: '123456789012' });
      expect(await aws('ec2', 'create-key-pair', '--key-name', 'by-cli')).toMatchObject({ KeyName: 'by-cli' });
      expect(await aws('ec2', 'describe-key-pairs')).toMatchObject({ KeyPairs: [{ KeyName: 'by-cli' }] });
      await expect(aws('ec2', 'describe-key-pairs', '--key-names', 'nobody')).rejects.toThrow(
        'InvalidKeyPair.NotFound',
      );
      await aws('ssm', 'put-parameter', '--name', '/images/core', '--value', 'ami-1', '--type', 'String');
      expect(await aws('ssm', 'get-parameter', '--name', '/images/core')).toMatchObject({
        Parameter: { Value: 'ami-1' },
      });
      expect(proxy.counts()).toMatchObject({
        GetCallerIdentity: 1,
        CreateKeyPair: 1,
        DescribeKeyPairs: 2,
        PutParameter: 1,
      });
      expect(proxy.problems('request')).toEqual([]);
      expect(proxy.problems('response')).toEqual([]);
    });

    test('is less faithful than AWS in these', async () => {
      expect(await lacking(new Server(moto.url, 20_000), TRAITS)).toEqual([
        'an id that is none: InvalidInstanceID.Malformed',
        'a parameter that is missing: MissingParameter',
        'a parameter that there is not: UnknownParameter',
        'a client token makes one instance, however often it is sent',
        'a name of an image is had once: InvalidAMIName.Duplicate',
        'an image has the volumes that were asked for',
        'tags for snapshots that CreateImage is given are on them',
        'a copy is encrypted where that is asked for',
        'a security group that an instance is in stays: DependencyViolation',
        'has EnableImageDeprecation',
        'has EnableImageDeregistrationProtection',
        'has EnableFastLaunch',
        'has ImportSnapshot',
        'has ImportImage',
      ]);
    });
  });
});

/** What Packer reads of the answers, by the call. */
const READ: Readonly<Record<string, readonly string[]>> = {
  DescribeRegions: ['regionInfo.item.regionName'],
  CreateKeyPair: ['keyName', 'keyMaterial', 'keyFingerprint'],
  CreateSecurityGroup: ['groupId'],
  DescribeSecurityGroups: ['securityGroupInfo.item.groupId'],
  AuthorizeSecurityGroupIngress: ['return'],
  RunInstances: ['instancesSet.item.instanceId', 'instancesSet.item.instanceState.name'],
  DescribeInstances: ['instancesSet.item.instanceId', 'instancesSet.item.instanceState.name'].map(
    (path) => `reservationSet.item.${path}`,
  ),
  StopInstances: ['instancesSet.item.currentState.name', 'instancesSet.item.previousState.name'],
  CreateImage: ['imageId'],
  TerminateInstances: ['instancesSet.item.currentState.name', 'instancesSet.item.previousState.name'],
};

/** What a client needs of the answers and does not get. */
function lackingOf(answers: readonly Replayed[]): string[] {
  return answers.flatMap(({ action, shape }) =>
    (READ[action] ?? []).filter((path) => !shape.includes(path)).map((path) => `${action}: ${path}`),
  );
}
