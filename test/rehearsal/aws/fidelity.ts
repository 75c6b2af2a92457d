import { send, type Answered } from '../client';
import { at, errorCode } from './model';
import { readXml, type Element } from './model/xml';

/** What AWS does, and whether a server does it. */
export interface Trait {
  /** A sentence, with the code of an error where there is one. */
  readonly name: string;
  holds(server: Server): Promise<boolean>;
}

/** A call that AWS would have done. */
class Refused extends Error {}

type Params = Readonly<Record<string, string>>;

/** A server that is asked. */
export class Server {
  private count = 0;
  private base: Promise<string> | undefined;

  constructor(
    readonly url: string,
    /** Milliseconds that an image or an instance may take to be ready. */
    readonly within: number,
  ) {}

  call(action: string, params: Params): Promise<Answered> {
    return send(this.url, 'ec2', action, params);
  }

  /** The root of the answer to a call that must work. */
  async root(action: string, params: Params): Promise<Element> {
    const answer = await this.call(action, params);
    if (answer.status !== 200)
      throw new Refused(`${action} ${JSON.stringify(params)}: ${answer.status} ${answer.body}`);
    return readXml(answer.body);
  }

  async text(action: string, params: Params, path: string): Promise<string> {
    return at(await this.root(action, params), `${action}Response/${path}`)?.text ?? '';
  }

  /** The code with which a call is refused; undefined where it works. */
  async refusal(action: string, params: Params): Promise<string | undefined> {
    const { status, body } = await this.call(action, params);
    return status === 200 ? undefined : errorCode(body);
  }

  name(): string {
    return `fidelity-${(this.count += 1)}`;
  }

  /** A public image to start from. */
  image(): Promise<string> {
    const filters = { name: 'ubuntu/images/*', architecture: 'x86_64', 'root-device-type': 'ebs' };
    const params = Object.entries(filters).flatMap(([name, value], index) => [
      [`Filter.${index + 1}.Name`, name],
      [`Filter.${index + 1}.Value.1`, value],
    ]);
    const asked = { 'Owner.1': '099720109477', ...(Object.fromEntries(params) as Params) };
    return (this.base ??= this.text('DescribeImages', asked, 'imagesSet/item/imageId'));
  }

  async instance(params: Params = {}): Promise<string> {
    const given = { ImageId: await this.image(), MinCount: '1', MaxCount: '1', InstanceType: 't3.micro', ...params };
    const id = await this.text('RunInstances', given, 'instancesSet/item/instanceId');
    await this.until(async () => {
      const path = 'reservationSet/item/instancesSet/item/instanceState/name';
      return (await this.text('DescribeInstances', { 'InstanceId.1': id }, path)) === 'running';
    });
    return id;
  }

  /** An image of a new instance, once it is available. */
  async captured(
    params: Params = {},
  ): Promise<{ readonly id: string; readonly name: string; readonly instance: string }> {
    const [instance, name] = [await this.instance(), this.name()];
    const id = await this.text('CreateImage', { InstanceId: instance, Name: name, ...params }, 'imageId');
    await this.available(id);
    return { id, name, instance };
  }

  available(image: string): Promise<void> {
    return this.until(async () => {
      const { body } = await this.call('DescribeImages', { 'ImageId.1': image });
      return body.includes('<imageState>available</imageState>');
    });
  }

  /** The volumes that an image has. */
  async disks(image: string): Promise<{ readonly device: string; readonly ebs: Element }[]> {
    const root = await this.root('DescribeImages', { 'ImageId.1': image });
    const mappings = at(root, 'DescribeImagesResponse/imagesSet/item/blockDeviceMapping')?.children ?? [];
    return mappings.map((item) => ({
      device: at(item, 'item/deviceName')?.text ?? '',
      ebs: at(item, 'item/ebs') ?? { name: 'ebs', attributes: {}, children: [], text: '' },
    }));
  }

  private async until(done: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + this.within;
    while (!(await done())) {
      if (Date.now() > end) throw new Error(`this took more than ${this.within} ms`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Which of some traits a server lacks, by name. */
export async function lacking(server: Server, traits: readonly Trait[]): Promise<string[]> {
  const names: string[] = [];
  for (const { name, holds } of traits) {
    try {
      if (!(await holds(server))) names.push(name);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      names.push(name);
    }
  }
  return names;
}
