import type { Body, Call } from '../call';
import { filtered, paged } from '../filters';
import type { Params } from '../protocol/params';
import { tagSet, tagsFor } from '../tags';
import type { SpotRequest } from '../types';

/** Notes the request that a spot instance belongs to. */
export function requestSpot(call: Call, params: Params, options: Params, type: string, instance: string): SpotRequest {
  const { world } = call;
  return world.spotRequests.add({
    ...world.entity(call, 'sir', tagsFor(params, 'spot-instances-request')),
    state: 'active',
    status: 'fulfilled',
    price: options.text('MaxPrice'),
    type,
    instance,
  });
}

/** DescribeSpotInstanceRequests. */
export function describe(call: Call): Body {
  const { world, params } = call;
  const ids = params.list('SpotInstanceRequestId');
  const chosen = ids.length > 0 ? ids.map((id) => world.spotRequests.get(call, id)) : world.spotRequests.of(call);
  const found = filtered(call, chosen, {
    'spot-instance-request-id': ({ id }) => id,
    'instance-id': ({ instance }) => instance,
    state: ({ state }) => state,
  });
  const { page, nextToken } = paged(call, found);
  return {
    spotInstanceRequestSet: page.map((one) => ({
      spotInstanceRequestId: one.id,
      state: one.state,
      status: { code: one.status, message: one.status, updateTime: new Date(one.createdAt) },
      instanceId: one.instance,
      spotPrice: one.price,
      type: 'one-time',
      createTime: new Date(one.createdAt),
      tagSet: tagSet(one.tags),
    })),
    nextToken,
  };
}

/** CancelSpotInstanceRequests: the instance stays. */
export function cancel(call: Call): Body {
  const requests = call.params.list('SpotInstanceRequestId').map((id) => call.world.spotRequests.get(call, id));
  for (const one of requests)
    Object.assign(one, { state: 'cancelled', status: 'request-canceled-and-instance-running' });
  return { spotInstanceRequestSet: requests.map(({ id, state }) => ({ spotInstanceRequestId: id, state })) };
}

/** DescribeSpotPriceHistory: one price for each type and zone, a third of no particular price. */
export function prices(call: Call): Body {
  const { world, params } = call;
  const rows = params
    .list('InstanceType')
    .flatMap((type) => world.subnets.of(call).map(({ zone }) => ({ type, zone, tags: new Map<string, string>() })));
  const found = filtered(call, rows, {
    'instance-type': ({ type }) => type,
    'availability-zone': ({ zone }) => zone,
    'product-description': () => 'Linux/UNIX',
  });
  return {
    spotPriceHistorySet: found.map(({ type, zone }) => ({
      instanceType: type,
      availabilityZone: zone,
      productDescription: 'Linux/UNIX',
      spotPrice: '0.010000',
      timestamp: new Date(call.now),
    })),
  };
}
