import { describeIf, testIf } from '../../helpers/requires';
import { isRoot } from '../../platforms/sandbox/able';
import { awsCli, HAS_AWS_CLI, NO_AWS_CLI } from './aws-cli';
import { lacking, Server } from './fidelity';
import { HAS_PACKER, NO_PACKER, packerBuild, UBUNTU } from './packer';
import { startProxy, type AwsProxy } from './proxy';
import { HAS_REHEARSAL, NO_REHEARSAL, startRehearsal, type RehearsalServer } from './rehearsal-server';
import { recordedCalls, replay } from './replay';
import { describeWithSpecs } from './specs';
import { TRAITS } from './traits';

/** Milliseconds that a machine of the rehearsal may take, where much else runs. */
const READY = 60_000;

describeWithSpecs('the rehearsal, asked by others', () => {
  describeIf(HAS_REHEARSAL, NO_REHEARSAL, 'in a process of its own', () => {
    let server: RehearsalServer;
    let proxy: AwsProxy;

    beforeAll(async () => {
      server = await startRehearsal();
      proxy = await startProxy({ target: server.url });
    }, READY);

    afterEach(() => proxy.forget());

    afterAll(async () => {
      await proxy.stop();
      await server.stop();
    }, READY);

    const wrong = () => [...proxy.problems('request'), ...proxy.problems('response')];

    test(
      "takes Packer's recorded calls, and answers each as the model says",
      async () => {
        const answers = await replay(proxy.url, recordedCalls(), READY);
        expect(answers.filter(({ status }) => status !== 200).map(({ action, body }) => [action, body])).toEqual([]);
        expect(wrong()).toEqual([]);
      },
      2 * READY,
    );

    test(
      'does what AWS does where builds depend on it, and answers as the model says',
      async () => {
        expect(await lacking(new Server(proxy.url, READY), TRAITS)).toEqual([]);
        expect(proxy.problems('response')).toEqual([]);
      },
      4 * READY,
    );

    testIf(
      HAS_PACKER && isRoot,
      `${NO_PACKER}; and it needs Linux and root`,
      'Packer builds on it with SSH, and both speak as the model says',
      async () => {
        const builder = {
          source_ami_filter: UBUNTU,
          instance_type: 't3.micro',
          ssh_username: 'ubuntu',
          ami_name: 'packer-{{timestamp}}',
          ami_regions: ['eu-west-1'],
          ami_users: ['123456789012'],
          snapshot_users: ['123456789012'],
          tags: { OS: 'Ubuntu' },
          run_volume_tags: { V: '1' },
          snapshot_tags: { S: '1' },
        };
        const printed = await packerBuild(proxy.url, builder, [{ type: 'shell', inline: ['echo golden > /tmp/made'] }]);
        expect(printed).toMatch(/eu-west-1: ami-[0-9a-f]+\s+us-east-1: ami-[0-9a-f]+/);
        expect(proxy.counts()).toMatchObject({ CreateImage: 1, CopyImage: 1, TerminateInstances: 1, DeleteKeyPair: 1 });
        expect(wrong()).toEqual([]);
      },
      4 * READY,
    );

    describeIf(HAS_AWS_CLI, NO_AWS_CLI, "AWS's own command line", () => {
      test(
        'makes things, and describes what was made',
        async () => {
          const aws = awsCli({ endpoint: proxy.url });
          expect(await aws('sts', 'get-caller-identity')).toMatchObject({ Account: '123456789012' });
          const tags = 'ResourceType=security-group,Tags=[{Key=Name,Value=by-cli}]';
          const group = ['--group-name', 'by-cli', '--description', 'made by another', '--tag-specifications', tags];
          const { GroupId } = (await aws('ec2', 'create-security-group', ...group)) as { GroupId: string };
          expect(
            await aws('ec2', 'describe-security-groups', '--filters', 'Name=tag:Name,Values=by-cli'),
          ).toMatchObject({ SecurityGroups: [{ GroupId, GroupName: 'by-cli', Description: 'made by another' }] });
          expect(await aws('ec2', 'describe-images', '--owners', '099720109477')).toMatchObject({
            Images: expect.arrayContaining([expect.objectContaining({ OwnerId: '099720109477', State: 'available' })]),
          });
          await aws('ec2', 'delete-security-group', '--group-id', GroupId);
          await expect(aws('ec2', 'describe-security-groups', '--group-ids', GroupId)).rejects.toThrow(
            'InvalidGroup.NotFound',
          );
          expect(wrong()).toEqual([]);
        },
        READY,
      );
    });
  });
});
