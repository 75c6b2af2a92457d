import { once, type Body, type Call } from '../call';
import { AwsError } from '../errors';
import { filtered } from '../filters';
import type { Params } from '../protocol/params';
import { tagSet, tagsFor } from '../tags';
import type { Template } from '../types';

/** CreateLaunchTemplate. */
export function create(call: Call): Promise<Body> {
  return once(call, () => {
    const { world, params } = call;
    const name = params.need('LaunchTemplateName');
    if (
      world.templates
        .all()
        .some((one) => one.account === call.account && one.region === call.region && one.name === name)
    ) {
      throw new AwsError('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.');
    }
    const template = world.templates.add({
      ...world.entity(call, 'lt', tagsFor(params, 'launch-template')),
      name,
      data: params.struct('LaunchTemplateData'),
    });
    const { id, region } = template;
    world.inventory.created({
      cloud: 'aws',
      kind: 'launch template',
      id,
      region,
      detail: name,
      createdAt: call.now,
      lasts: false,
    });
    return Promise.resolve({ launchTemplate: view(template) });
  });
}

/** DeleteLaunchTemplate. */
export function remove(call: Call): Body {
  const template = templateOf(call, call.params);
  call.world.templates.delete(template.id);
  call.world.inventory.deleted(template.id, call.now);
  return { launchTemplate: view(template) };
}

/** DescribeLaunchTemplates. */
export function describe(call: Call): Body {
  const { world, params } = call;
  const ids = params.list('LaunchTemplateId');
  const names = params.list('LaunchTemplateName');
  for (const name of names) byName(call, name);
  const chosen =
    ids.length > 0
      ? ids.map((id) => world.templates.get(call, id))
      : world.templates.of(call).filter(({ name }) => names.length === 0 || names.includes(name));
  const facts = { 'launch-template-name': ({ name }: Template) => name };
  return { launchTemplates: filtered(call, chosen, facts).map(view) };
}

/** The template that a launch names, by id or by name. */
export function templateOf(call: Call, params: Params): Template {
  const id = params.text('LaunchTemplateId');
  return id === undefined ? byName(call, params.need('LaunchTemplateName')) : call.world.templates.get(call, id);
}

function byName(call: Call, name: string): Template {
  const template = call.world.templates.of(call).find((one) => one.name === name);
  if (template) return template;
  throw new AwsError(
    'InvalidLaunchTemplateName.NotFoundException',
    'At least one of the launch templates specified in the request does not exist.',
  );
}

function view({ id, name, createdAt, account, tags }: Template): Body {
  return {
    launchTemplateId: id,
    launchTemplateName: name,
    createTime: new Date(createdAt),
    createdBy: `arn:aws:iam::${account}:root`,
    defaultVersionNumber: 1,
    latestVersionNumber: 1,
    tagSet: tagSet(tags),
  };
}
