import * as fs from 'node:fs';
import { describeIf } from '../helpers/requires';
import { hasEngine, NO_ENGINE } from '../helpers/docker';
import { eachOf } from './helpers/child';
import type { Project } from './helpers/project';
import { Stage } from './helpers/stage';

/** Damage to the journal of a run that died with a container and a checkpoint: text in, text out. */
const DAMAGE: Readonly<Record<string, (text: string) => string>> = {
  'the last line is cut in its middle': (text) => text.slice(0, -30),
  'the last line lacks only its end': (text) => text.slice(0, -1),
  'the line that announced the container is cut, and nothing comes after it': (text) =>
    text.slice(0, text.indexOf('docker:container')),
  'the line that announced the container is gone': (text) => without(text, 'docker:container'),
  'the line that announced the image is garbage': (text) =>
    text.replace(/^.*"role":"artifact".*$/m, '\u0000\u0001\ufffd{"type":"intent","resource":7}'),
  'the first line is garbage': (text) => text.replace(/^.*\n/, '}{\n'),
  'all of it is garbage': () => `\u0000\n\n[]\n{"type":"created"}\nnull\n"x"\n${'x'.repeat(10_000)}`,
  'it is empty': () => '',
};

describeIf(hasEngine, NO_ENGINE, 'a damaged journal', () => {
  const stage = new Stage();

  test('hides nothing from recover, and lets the next build go on', async () => {
    const verdicts = await eachOf(Object.entries(DAMAGE), 3, async ([name, damage]) => {
      const project = stage.project('');
      // After the artifact's image is there and before the journal knows its id: a container, checkpoints, and an image.
      await project.victim({ platform: 'docker', base: stage.image, kill: { when: 'before', at: 4 } }).ended;
      const file = journalFile(project);
      fs.writeFileSync(file, damage(fs.readFileSync(file, 'utf8')));
      const before = (await stage.engine.containers(project.app)).length;
      const recovered = await project.run(['recover']);
      const left = await stage.left(project);
      const next = await project.victim({ platform: 'docker', base: stage.image }).ended;
      const after = await stage.left(project);
      return {
        name,
        before,
        recovered: recovered.status,
        left,
        next: next.status,
        after,
        cached: /cached Core\/Two/.test(next.output),
      };
    });
    for (const verdict of verdicts) {
      const { name } = verdict;
      expect(verdict).toEqual({ name, before: 1, recovered: 0, left: [], next: 0, after: [], cached: true });
    }
    process.stdout.write(`${verdicts.length} damaged journals, 0 left\n`);
  }, 300_000);

  test('of a run that ended does no harm', async () => {
    const project = stage.project('');
    await project.victim({ platform: 'docker', base: stage.image }).ended;
    fs.appendFileSync(journalFile(project), '{"type":"int');
    const images = (await stage.engine.images(project.app)).sort();
    expect((await project.run(['recover', project.runs()[0]!])).status).toBe(0);
    expect((await stage.engine.images(project.app)).sort()).toEqual(images);
    expect((await project.victim({ platform: 'docker', base: stage.image }).ended).output).toMatch(
      /^cached Core\/On$/m,
    );
  }, 120_000);
});

function journalFile(project: Project): string {
  return project.file(`.goldsmith/runs/${project.runs()[0]}/journal.jsonl`);
}

function without(text: string, word: string): string {
  const lines = text.split('\n').filter((line) => !line.includes(word));
  // The line is not merely missing: half of it is there.
  return [...lines.slice(0, -1), '{"type":"intent","node":"Co', ''].join('\n');
}
