import { once, type Body, type Call } from '../call';
import { AwsError } from '../errors';
import { Params, readForm } from '../protocol/params';
import type { Answer } from '../protocol/xml';
import { tagsFor } from '../tags';
import { launch } from './run';
import { templateOf } from './templates';

/** CreateFleet, of type `instant`: the overrides are tried in turn until one has a machine free. */
export function create(call: Call): Promise<Body> {
  return once(call, () => createOnce(call));
}

async function createOnce(call: Call): Promise<Body> {
  const { world, params } = call;
  const type = params.oneOf('Type', ['request', 'maintain', 'instant']) ?? 'maintain';
  if (type !== 'instant')
    throw new AwsError(
      'UnsupportedOperation',
      `The rehearsal knows fleets of type instant only, and this one is of type ${type}`,
    );
  const capacity = params.struct('TargetCapacitySpecification');
  const total = capacity.whole('TotalTargetCapacity');
  if (total === undefined)
    throw new AwsError('MissingParameter', 'The request must contain the parameter TotalTargetCapacity');
  const isSpot = (capacity.text('DefaultTargetCapacityType') ?? 'on-demand') === 'spot';
  const errors: Answer[] = [];
  for (const config of params.structs('LaunchTemplateConfigs')) {
    const specification = config.struct('LaunchTemplateSpecification');
    const template = templateOf(call, specification);
    const overrides = config.structs('Overrides');
    for (const override of overrides.length > 0 ? overrides : [new Params({})]) {
      const chosen = {
        launchTemplateSpecification: { launchTemplateId: template.id, version: specification.text('Version') ?? '1' },
        overrides: overrideView(override),
      };
      try {
        const asked = demandOf(total, isSpot, params).over(override).over(template.data);
        const instances = await launch({ ...call, params: asked }, asked);
        for (const { tags } of instances) for (const [key, value] of tagsFor(params, 'instance')) tags.set(key, value);
        return {
          fleetId: `fleet-${world.requestId()}`,
          errorSet: errors,
          fleetInstanceSet: [
            {
              launchTemplateAndOverrides: chosen,
              lifecycle: isSpot ? 'spot' : 'on-demand',
              instanceIds: instances.map(({ id }) => id),
              instanceType: instances[0]?.type,
            },
          ],
        };
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        errors.push({
          launchTemplateAndOverrides: chosen,
          lifecycle: isSpot ? 'spot' : 'on-demand',
          errorCode: error.code,
          errorMessage: error.message,
        });
      }
    }
  }
  return { fleetId: `fleet-${world.requestId()}`, errorSet: errors, fleetInstanceSet: [] };
}

/** How many a fleet wants, and of which market. */
function demandOf(total: number, isSpot: boolean, fleet: Params): Params {
  const price = fleet.struct('SpotOptions').text('MaxTotalPrice');
  const form = new URLSearchParams({ MinCount: String(total), MaxCount: String(total) });
  if (isSpot) form.set('InstanceMarketOptions.MarketType', 'spot');
  if (isSpot && price !== undefined) form.set('InstanceMarketOptions.SpotOptions.MaxPrice', price);
  return readForm(form.toString());
}

function overrideView(override: Params): Answer {
  return {
    instanceType: override.text('InstanceType'),
    subnetId: override.text('SubnetId'),
    availabilityZone: override.text('AvailabilityZone'),
  };
}
