import { seeded, type Seeded } from '../../../helpers/seeded';
import { PROTOCOLS } from '../protocols';
import { describeWithSpecs, hasSpecs } from '../specs';
import { checkError, checkRequest, checkRequestBody, checkResponse, errorCode } from '.';
import { encodeForm, encodeJson, encodeXml } from './encode';
import { mutateForm, mutateJson, mutateXml, WRONGS, type Wrong } from './mutate';
import { serviceModel, services, shapeOf, type Example, type ServiceModel } from './service-model';

interface Shown {
  readonly service: string;
  readonly model: ServiceModel;
  readonly action: string;
  readonly example: Example;
}

const shown: readonly Shown[] = (hasSpecs() ? services() : []).flatMap((service) => {
  const model = serviceModel(service)!;
  return Object.entries(model.examples).flatMap(([action, examples]) =>
    examples.map((example) => ({ service, model, action, example })),
  );
});
const requests = shown.filter(({ model, action }) => model.operations[action]?.input !== undefined);
const responses = shown.filter(({ example }) => example.output !== undefined);

function requestOf({ model, action, example }: Shown): Readonly<Record<string, unknown>> {
  const input = model.operations[action]!.input!;
  return model.metadata.protocol === 'json'
    ? (encodeJson(model, input, example.input ?? {}) as Readonly<Record<string, unknown>>)
    : encodeForm(model, input, example.input ?? {});
}

function responseOf({ model, action, example }: Shown): string {
  const { output } = model.operations[action]!;
  if (model.metadata.protocol !== 'json') return encodeXml(model, action, example.output);
  return JSON.stringify(output ? encodeJson(model, output, example.output) : {});
}

describeWithSpecs('the published models', () => {
  test('are of the services that are used', () => {
    expect(services().sort()).toEqual(['ec2', 'iam', 'secretsmanager', 'ssm', 'sts']);
    expect(serviceModel('s3')).toBeUndefined();
    const said = services().map((service): [string, object] => {
      const { protocol, apiVersion: version, targetPrefix: target } = serviceModel(service)!.metadata;
      return [service, { protocol, version, ...(target !== undefined && { target }) }];
    });
    expect(PROTOCOLS).toEqual(Object.fromEntries(said));
  });

  test('allow each request that the vendor shows', () => {
    expect(requests.length).toBeGreaterThan(80);
    expect(requests.flatMap((each) => checkRequest(each.service, each.action, requestOf(each)))).toEqual([]);
  });

  test('allow each answer that the vendor shows', () => {
    expect(responses.length).toBeGreaterThan(70);
    expect(responses.flatMap((each) => checkResponse(each.service, each.action, responseOf(each)))).toEqual([]);
  });

  test('catch wrong copies of them', () => {
    const by = seeded(42);
    const missed: string[] = [];
    const made = { 'unknown name': 0, 'wrong type': 0, missing: 0 };
    for (let count = 0; count < COPIES;) {
      const wrong = by.pick(WRONGS);
      const tried =
        count % 2 === 0 ? wrongRequest(by.pick(requests), wrong, by) : wrongResponse(by.pick(responses), wrong, by);
      if (!tried) continue;
      count += 1;
      made[wrong] += 1;
      if (tried.problems.length === 0) missed.push(`${wrong}: ${tried.how}`);
    }
    const rate = 1 - missed.length / COPIES;
    process.stdout.write(
      `${COPIES - missed.length} of ${COPIES} wrong copies of ${requests.length} requests and ${responses.length} answers ` +
        `caught (${(rate * 100).toFixed(1)} %; ${JSON.stringify(made)})${missed.map((line) => `\n  missed: ${line}`).join('')}\n`,
    );
    expect(rate).toBeGreaterThan(0.95);
  });
});

const COPIES = 600;

interface Tried {
  readonly how: string;
  readonly problems: readonly string[];
}

function wrongRequest(each: Shown, wrong: Wrong, by: Seeded): Tried | undefined {
  const request = requestOf(each);
  const { model, action } = each;
  const mutant =
    model.metadata.protocol === 'json'
      ? mutateJson(request, wrong, by, shapeOf(model, model.operations[action]!.input!).required ?? [])
      : mutateForm(model, action, request as Readonly<Record<string, string>>, wrong, by);
  const params = mutant?.wrong as Readonly<Record<string, unknown>>;
  return mutant && { how: `${action} ${mutant.how}`, problems: checkRequest(each.service, action, params) };
}

function wrongResponse(each: Shown, wrong: Wrong, by: Seeded): Tried | undefined {
  const response = responseOf(each);
  const mutant =
    each.model.metadata.protocol === 'json'
      ? mutateJson(JSON.parse(response) as object, wrong, by, [])
      : mutateXml(response, wrong, by);
  if (!mutant) return undefined;
  const body = typeof mutant.wrong === 'string' ? mutant.wrong : JSON.stringify(mutant.wrong);
  return { how: `${each.action} ${mutant.how}`, problems: checkResponse(each.service, each.action, body) };
}

describeWithSpecs('a problem', () => {
  const answer = (inner: string): string =>
    `<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>a</requestId>${inner}</DescribeImagesResponse>`;
  const images = (inner: string): string[] => checkResponse('ec2', 'DescribeImages', answer(inner));

  test('has the path of where it is', () => {
    expect(images('<imagesSet><item><foo>1</foo></item></imagesSet>')).toEqual([
      'DescribeImages.response.imagesSet.item[0].foo: not in the model',
    ]);
    expect(checkRequest('ec2', 'DescribeImages', { 'Filter.1.Values.1': 'a', 'Owner.2': 'self' })).toEqual([
      'DescribeImages.request.Filter.1.Values: not in the model',
      'DescribeImages.request.Owner: the parts 2 where .1, .2 and so on belong is no list',
    ]);
  });

  test('is a value that is of another type, or none of those that there are', () => {
    expect(
      images(
        '<imagesSet><item><isPublic>no</isPublic></item><item><imageState>None</imageState></item>' +
          '<item><blockDeviceMapping><item><ebs><volumeSize>8 GB</volumeSize></ebs></item></blockDeviceMapping></item></imagesSet>',
      ).map((line) => line.replace('DescribeImages.response.imagesSet.', '')),
    ).toEqual([
      'item[0].isPublic: "no" is not a boolean',
      expect.stringMatching(/^item\[1\]\.imageState: "None" is not one of pending, available/),
      'item[2].blockDeviceMapping.item[0].ebs.volumeSize: "8 GB" is not a integer',
    ]);
    expect(checkRequest('ec2', 'RunInstances', { MinCount: 'one', MaxCount: '1' })).toEqual([
      'RunInstances.request.MinCount: "one" is not a integer',
    ]);
  });

  test('is what is missing, twice, or in a list that is not one', () => {
    expect(checkRequest('ec2', 'RunInstances', { MinCount: '1' })).toEqual([
      'RunInstances.request.MaxCount: is required and not there',
    ]);
    expect(checkRequestBody('ec2', 'DescribeRegions', 'Action=DescribeRegions&DryRun=true&DryRun=false')).toEqual([
      'DescribeRegions.request.DryRun: is there twice',
    ]);
    expect(images('<imagesSet><image/></imagesSet>')).toEqual([
      'DescribeImages.response.imagesSet: <image> where <item> belongs is no list',
    ]);
    expect(images('<nextToken>a</nextToken><nextToken>b</nextToken>')).toEqual([
      'DescribeImages.response.nextToken: is there twice',
    ]);
  });

  test('is an envelope that is not the protocol’s', () => {
    expect(checkResponse('ec2', 'DescribeImages', '<DescribeImagesResult/>')).toEqual([
      'DescribeImages.response: is <DescribeImagesResult>, not <DescribeImagesResponse>',
      'DescribeImages.response: its namespace is "", not http://ec2.amazonaws.com/doc/2016-11-15',
      'DescribeImages.response.requestId: is there 0 times',
    ]);
    expect(checkResponse('ec2', 'DescribeImages', '<a><b></a>')).toEqual(['DescribeImages.response: </a> closes <b>']);
    expect(checkRequestBody('ec2', 'DescribeImages', 'Action=DescribeImages&Version=2014-06-15')).toEqual([
      'DescribeImages.request.Version: 2014-06-15 is not 2016-11-15',
    ]);
    expect(checkRequest('ec2', 'DescribeImage', {})).toEqual(['DescribeImage: no such call in the model of ec2']);
  });

  test('is an error that a client cannot read', () => {
    const error = (code: string): string =>
      `<Response><Errors><Error>${code}<Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>`;
    expect(checkError('ec2', 'DescribeImages', error('<Code>InvalidAMIID.NotFound</Code>'))).toEqual([]);
    expect(checkError('ec2', 'DescribeImages', error(''))).toEqual([
      'DescribeImages.error: <Response/Errors/Error/Code> is not there',
    ]);
    expect(errorCode(error('<Code>InvalidAMIID.NotFound</Code>'))).toBe('InvalidAMIID.NotFound');
    expect(checkError('ssm', 'GetParameter', '{"message":"no"}')).toEqual([
      'GetParameter.error.__type: is required and not there',
    ]);
  });

  test('of JSON is named alike', () => {
    expect(checkRequest('ssm', 'GetParameter', { WithDecryption: 'true' })).toEqual([
      'GetParameter.request.WithDecryption: "true" is not a boolean',
      'GetParameter.request.Name: is required and not there',
    ]);
    expect(checkResponse('ssm', 'GetParameter', '{"Parameter":{"LastModifiedDate":"2026-01-01","Kind":"a"}}')).toEqual([
      'GetParameter.response.Parameter.LastModifiedDate: "2026-01-01" is not a timestamp',
      'GetParameter.response.Parameter.Kind: not in the model',
    ]);
  });
});
