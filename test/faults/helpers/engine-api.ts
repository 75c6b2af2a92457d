import * as http from 'node:http';
import { engineSocket } from '../../helpers/docker';

interface Listed {
  readonly Id: string;
  readonly Mounts?: readonly { readonly Type: string; readonly Name?: string }[];
}

/** A view of a Docker Engine that is not goldsmith's own: what a test counts, it counts with this. */
export class EngineView {
  constructor(private readonly socket = engineSocket) {}

  /** Containers of an app, running or not. */
  containers(app: string): Promise<Listed[]> {
    return this.get('/containers/json', { all: 'true', filters: ofApp(app) });
  }

  /** Ids of the images of an app, also of those without a name. */
  async images(app: string): Promise<string[]> {
    return (await this.get<Listed[]>('/images/json', { all: 'true', filters: ofApp(app) })).map(({ Id }) => Id);
  }

  /** Names of the volumes that the containers of an app have. */
  async volumesOf(app: string): Promise<string[]> {
    const containers = await this.containers(app);
    return containers.flatMap(({ Mounts = [] }) =>
      Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name !== undefined ? [Name] : [])),
    );
  }

  /** Which of these volumes are there. */
  async volumesAmong(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const { Volumes } = await this.get<{ readonly Volumes: readonly { readonly Name: string }[] | null }>(
      '/volumes',
      {},
    );
    return (Volumes ?? []).map(({ Name }) => Name).filter((name) => names.includes(name));
  }

  /** The layers and configs of images, as one archive. */
  async saved(images: readonly string[]): Promise<Buffer> {
    const query = images.map((id) => `names=${id}`).join('&');
    return (await this.ask('GET', '/images/get', query)).body;
  }

  /** Deletes everything of an app. */
  async purge(app: string): Promise<void> {
    for (const { Id } of await this.containers(app))
      await this.ask('DELETE', `/containers/${Id}`, { force: 'true', v: 'true' });
    // An image that others were made of cannot go before them.
    for (let images = await this.images(app), before = -1; images.length > 0 && images.length !== before;) {
      before = images.length;
      for (const id of images) await this.ask('DELETE', `/images/${id}`, { force: 'true', noprune: 'true' });
      images = await this.images(app);
    }
  }

  private async get<T>(path: string, query: Record<string, string>): Promise<T> {
    const { status, body } = await this.ask('GET', path, query);
    if (status !== 200) throw new Error(`${path}: ${status} ${body.toString()}`);
    return JSON.parse(body.toString()) as T;
  }

  private ask(method: string, path: string, query: Record<string, string> | string): Promise<Answer> {
    const options = { socketPath: this.socket, method, path: `${path}?${new URLSearchParams(query).toString()}` };
    return new Promise((resolve, reject) => {
      const request = http.request(options, (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('end', () => resolve({ status: answer.statusCode!, body: Buffer.concat(pieces) }));
      });
      request.on('error', reject).end();
    });
  }
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

function ofApp(app: string): string {
  return JSON.stringify({ label: [`dev.goldsmith.app=${app}`] });
}
