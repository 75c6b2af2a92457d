import { Construct } from 'constructs';
import { Annotations, Aspects, Image, PostProcessorChain, Provisioner } from '../../lib';
import { fakePlatform, Match, PlanAssert, type TestApp } from '../../lib/testing';
import { Check, Note, Pack, Step } from '../helpers/extensions';
import { problemsOf, testApp } from '../helpers/lab';

function web() {
  const app = testApp();
  const one = fakePlatform({ use: 'one' });
  const two = fakePlatform({ use: 'two' });
  const image = new Image(app, 'Web');
  new one.Source(image, 'First');
  new two.Source(image, 'Second');
  return { app, one, two, image };
}

/** The commands of a build's steps, in order. */
function commands(app: TestApp, id = 'Web/First'): unknown[] {
  const node = app.synth().nodes.find((one) => one.id === id);
  return node?.kind === 'build' ? node.provisioners.map(({ config }) => config['run']) : [];
}

describe('which sources a step runs on', () => {
  test('are all, unless it says otherwise by id, type key or a function', () => {
    const { app, image } = web();
    new Step(image, 'All', 'all');
    new Step(image, 'OnlyId', { run: 'only id', only: ['First'] });
    new Step(image, 'OnlyType', { run: 'only type', only: ['two'] });
    new Step(image, 'OnlyBoth', { run: 'only both', only: ['First', 'two'] });
    new Step(image, 'OnlyPredicate', { run: 'only predicate', only: [({ node }) => node.id === 'First'] });
    new Step(image, 'ExceptId', { run: 'except id', except: ['First'] });
    new Step(image, 'ExceptType', { run: 'except type', except: ['two'] });
    new Step(image, 'ExceptPredicate', { run: 'except predicate', except: [({ type }) => type === 'one'] });
    new Step(image, 'Neither', { run: 'neither', only: ['First'], except: ['one'] });

    expect(commands(app, 'Web/First')).toEqual(['all', 'only id', 'only both', 'only predicate', 'except type']);
    expect(commands(app, 'Web/Second')).toEqual(['all', 'only type', 'only both', 'except id', 'except predicate']);
  });

  test('narrow verifications and post-processors just so', () => {
    const { app, image } = web();
    new Check(image, 'Check', { run: 'works', only: ['First'] });
    new Note(image, 'Note', { except: ['one'] });
    new Note(app, 'All', { only: ['two'] });
    const plan = app.synth();
    expect(plan.nodes.filter(({ kind }) => kind !== 'build').map(({ id }) => id)).toEqual([
      'Web/Check/First',
      'Web/Note/Second',
      'All',
    ]);
    expect(plan.nodes.at(-1)).toMatchObject({ inputs: ['Web/Second'] });
  });
});

describe('overrides', () => {
  test('change props for one source: by type key, and by id over that', () => {
    const { app, image } = web();
    new Step(image, 'Step', {
      run: 'a',
      stdin: 'x',
      timeout: '1m',
      overrides: { two: { run: 'type', timeout: '2m' }, Second: { run: 'id' } },
    });
    PlanAssert.fromApp(app)
      .hasStep('step', { source: 'First', run: 'a', stdin: 'x', timeout: '1m' })
      .hasStep('step', { source: 'Second', run: 'id', stdin: 'x', timeout: '2m' });
  });
});

describe('the order of steps', () => {
  test('is that of the tree, and addDependency only adds to it', () => {
    const { app, image } = web();
    const late = new Step(image, 'A', 'a');
    new Step(image, 'B', 'b');
    const group = new Construct(image, 'Group');
    new Step(group, 'C', 'c');
    const first = new Step(group, 'D', 'd');
    new Step(image, 'E', 'e');
    expect(commands(app)).toEqual(['a', 'b', 'c', 'd', 'e']);

    late.node.addDependency(first);
    expect(commands(app)).toEqual(['d', 'a', 'b', 'c', 'e']);
    late.node.addDependency(group);
    expect(commands(app)).toEqual(['c', 'd', 'a', 'b', 'e']);
  });

  test('may depend on steps of a group as a whole, and of a group on a step', () => {
    const { app, image } = web();
    const [one, two] = [new Construct(image, 'One'), new Construct(image, 'Two')];
    new Step(one, 'A', 'a');
    new Step(one, 'B', 'b');
    new Step(two, 'C', 'c');
    new Step(two, 'D', 'd');
    one.node.addDependency(two);
    expect(commands(app)).toEqual(['c', 'd', 'a', 'b']);
    expect(problemsOf(app)).toEqual([]);
  });

  test('of a long chain of dependencies is found', () => {
    const { app, image } = web();
    let last: Step | undefined;
    for (let index = 0; index < 3000; index += 1) {
      const step = new Step(image, `S${index}`, `${index}`);
      last?.node.addDependency(step);
      last = step;
    }
    expect(commands(app)[0]).toBe('2999');
  });
});

describe('addDependency', () => {
  test('between images makes every build of the one wait for everything of the other', () => {
    const { app, one, image } = web();
    const other = new Image(app, 'Other');
    new one.Source(other, 'Source', { size: 2 });
    new Check(image, 'Check', 'works');
    other.node.addDependency(image);
    PlanAssert.fromApp(app).hasBuild('one', {
      image: 'Other',
      dependsOn: ['Web/Check/First', 'Web/Check/Second', 'Web/First', 'Web/Second'],
    });
  });

  test('of a step makes only the builds wait that run it', () => {
    const { app, one, image } = web();
    const other = new Image(app, 'Other');
    new one.Source(other, 'Source', { size: 2 });
    new Step(image, 'Step', { run: 'a', only: ['First'] }).node.addDependency(other);
    PlanAssert.fromApp(app)
      .hasBuild('one', { id: 'Web/First', dependsOn: ['Other/Source'] })
      .hasBuild('two', { id: 'Web/Second', dependsOn: [] });
  });
});

describe('post-processors', () => {
  test('each take what the builds made, unless they stand in a chain', () => {
    const { app, image } = web();
    new Note(image, 'Alone');
    const chain = new PostProcessorChain(image, 'Chain');
    new Pack(new Construct(chain, 'Group'), 'Pack', { output: 'x.pack', only: ['First'] });
    new Note(chain, 'Note');
    PlanAssert.fromApp(app)
      .hasProcess('note', { id: 'Web/Alone/First', inputs: ['Web/First'] })
      .hasProcess('note', { id: 'Web/Alone/Second', inputs: ['Web/Second'] })
      .hasProcess('pack', { id: 'Web/Chain/Group/Pack/First', inputs: ['Web/First'], after: ['Web/Alone/First'] })
      .hasProcess('note', {
        id: 'Web/Chain/Note/First',
        inputs: ['Web/Chain/Group/Pack/First'],
        after: Match.absent(),
      });
  });

  test('run one after another on one build, in the order of the program', () => {
    const { app, image } = web();
    for (const id of ['A', 'B', 'C']) new Note(image, id, { only: ['First'] });
    const plan = app.synth();
    const after = plan.nodes.flatMap((node) => (node.kind === 'process' ? [node.after] : []));
    expect(after).toEqual([undefined, ['Web/A/First'], ['Web/B/First']]);
  });

  test('take all artifacts together with `inputs: all`, and directly under the app', () => {
    const { app, image } = web();
    new Note(image, 'Together', { inputs: 'all' });
    new Note(app, 'All');
    new Note(app, 'Each', { inputs: 'each' });
    const ids = PlanAssert.fromApp(app)
      .hasProcess('note', { id: 'Web/Together', inputs: ['Web/First', 'Web/Second'] })
      .hasProcess('note', { id: 'All', inputs: ['Web/First', 'Web/Second'] })
      .plan.nodes.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['Each/Web/First', 'Each/Web/Second']));
  });

  test('in a group take what the images in that group make', () => {
    const app = testApp();
    const fake = fakePlatform();
    const [one, two] = [new Construct(app, 'One'), new Construct(app, 'Two')];
    new fake.Source(new Image(one, 'A'), 'Fake', { size: 1 });
    new fake.Source(new Image(two, 'B'), 'Fake', { size: 2 });
    new Note(one, 'Note');
    PlanAssert.fromApp(app).hasProcess('note', { inputs: ['One/A/Fake'] });
  });
});

describe('a program’s own rules', () => {
  test('in aspects see the whole tree, may warn, and may add to it', () => {
    const { app, image } = web();
    new Step(image, 'Step', 'a');
    const seen: string[] = [];
    Aspects.of(app).add(
      { visit: ({ node }) => void seen.push(node.path) },
      {
        visit: (construct) => {
          if (Image.is(construct)) {
            new Step(construct, 'Added', 'added');
            Annotations.of(construct).addWarning('has no maxAge');
            Annotations.of(construct).addWarning('has no maxAge');
          }
        },
      },
    );
    expect(commands(app)).toEqual(['a', 'added']);
    expect(seen).toEqual(['', 'Web', 'Web/First', 'Web/Second', 'Web/Step', 'Web/Added']);
    const assert = PlanAssert.fromApp(app).hasWarning('Web', 'has no maxAge');
    expect(assert.plan.metadata['Web']).toMatchObject({ warnings: ['has no maxAge'] });
    expect(commands(app)).toEqual(['a', 'added']);
  });

  test('in aspects on one construct see only what is below it', () => {
    const { app, image, one } = web();
    new one.Source(new Image(app, 'Other'), 'Source', { size: 2 });
    const seen: string[] = [];
    Aspects.of(image).add({ visit: ({ node }) => void seen.push(node.path) });
    app.synth();
    expect(seen).toEqual(['Web', 'Web/First', 'Web/Second']);
  });

  test('in validations and annotated errors are reported with the others', () => {
    const { app, image } = web();
    const step = new Step(image, 'Step', 'curl example.test | sh');
    image.node.addValidation({
      validate: () =>
        image.node
          .findAll()
          .filter((construct) => Provisioner.is(construct))
          .filter(({ props }) => JSON.stringify(props).includes('curl'))
          .map(({ node }) => `${node.id} pipes the web into a shell`),
    });
    Annotations.of(step).addError('no');
    expect(problemsOf(app).map(({ code, path, message }) => `${code} ${path}: ${message}`)).toEqual([
      'VALIDATION_FAILED Web: Step pipes the web into a shell',
      'VALIDATION_FAILED Web/Step: no',
    ]);
  });

  test('change no digest by their warnings', () => {
    const digest = (warn: boolean): string => {
      const { app, image } = web();
      if (warn) Annotations.of(image).addWarning('beware');
      return app.synth().nodes[0]!.digest;
    };
    expect(digest(true)).toBe(digest(false));
  });
});
