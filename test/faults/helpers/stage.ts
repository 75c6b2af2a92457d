import { Base } from '../../platforms/docker/fixture';
import { EngineView } from './engine-api';
import { leftovers } from './leftovers';
import { Project } from './project';

/** A folder for the tests of one file: a base image, and projects that are removed after each test. */
export class Stage {
  readonly engine = new EngineView();
  private base: Base | undefined;
  private readonly projects: Project[] = [];

  /** Makes the base before all tests, and removes what they left after each and after all. */
  constructor(private readonly usesEngine = true) {
    beforeAll(async () => {
      if (usesEngine) this.base = await Base.make(['VOLUME /data']);
    }, 60_000);
    afterEach(async () => {
      for (const project of this.projects.splice(0)) {
        if (this.usesEngine) await this.engine.purge(project.app);
        project.remove();
      }
    }, 60_000);
    afterAll(async () => {
      await this.base?.remove();
    }, 60_000);
  }

  /** Name of the base image. */
  get image(): string {
    return this.base!.name;
  }

  /** A project with a program, of which `body` is what comes after `app` is made. `base` and `env` can be used in it. */
  project(body: string, parent?: string): Project {
    const project = new Project(undefined, parent);
    this.projects.push(project);
    project.write('images.js', programText(project.app, this.base?.name ?? '', body));
    return project;
  }

  /** What is left of a project. */
  left(project: Project, state?: string): Promise<string[]> {
    return leftovers(project, state, this.engine);
  }
}

/** A user's program in JavaScript: no compiler has to be started. */
export function programText(app: string, base: string, body: string): string {
  return [
    `const g = require('goldsmith');`,
    `const { DockerSource, DockerSavePostProcessor } = require('goldsmith/docker');`,
    `const { NullSource } = require('goldsmith/null');`,
    `const { env } = process;`,
    `const base = ${JSON.stringify(base)};`,
    `const app = new g.App(${JSON.stringify(app)});`,
    body,
    'app.run();',
    '',
  ].join('\n');
}
