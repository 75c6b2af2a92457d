import type { NodeSummary } from '../../../lib/engine/events';
import { artifact, build, Recorder } from './recorder';

const process = (id: string, use: string, dependsOn: readonly string[]): NodeSummary => ({
  id,
  kind: 'process',
  use,
  dependsOn,
  steps: [],
});
const verify = (id: string, dependsOn: readonly string[]): NodeSummary => ({
  id,
  kind: 'verify',
  use: 'verification',
  dependsOn,
  steps: ['launch', 'checks'].map((name) => ({ id: name, use: name })),
});

/** Lines that try to be more than text. */
export const HOSTILE = `</pre><script>alert(1)</script><img src=x onerror="alert(2)">' & \u202egnp.exe \x1b]0;owned\x07\x1b[2J`;

/** A run in which everything happens once: built, cached, failed, skipped, retried, tolerated, kept. */
export function sampleRun(): Recorder {
  const run = new Recorder([
    build('Core/Docker', ['Patches', 'Hardening/Sysctl']),
    build('Core/Sandbox', ['Patches', 'Hardening/Sysctl']),
    build('Web/Docker', ['Nginx', 'Site'], ['Core/Docker']),
    build('Web/Sandbox', ['Nginx', 'Site'], ['Core/Sandbox']),
    build('Api/Docker', ['Node', 'App', 'Report'], ['Core/Docker']),
    verify('Web/Serves/Docker', ['Web/Docker']),
    process('Web/Push/Docker', 'docker-push', ['Web/Docker', 'Web/Serves/Docker']),
    process('Web/Compress/Sandbox', 'compress', ['Web/Sandbox']),
    process('Manifest', 'manifest', ['Web/Docker', 'Web/Sandbox', 'Core/Docker']),
    process('Api/Push/Docker', 'docker-push', ['Api/Docker']),
  ]);
  run.start();
  run.nodeEnd('Core/Sandbox', {
    state: 'cached',
    duration: 12,
    artifact: artifact('5', {
      use: 'sandbox',
      kind: 'oci-archive',
      files: [{ path: 'artifacts/acme-images-Core.oci.tar', size: 31_457_280, sha256: '7'.repeat(64) }],
    }),
    cache: { builtAt: run.now - 3 * 86_400_000, refresh: 'npx ts-node images.ts build --force Core/Sandbox' },
  });
  core(run);
  web(run);
  api(run);
  return run.finish('failed', [
    {
      kind: 'docker:container',
      id: '3f4c9a1be210',
      node: 'Api/Docker',
      why: 'kept',
      detail: 'enter it: docker exec -it 3f4c9a1be210 sh\nremove it: docker rm -f 3f4c9a1be210',
    },
  ]);
}

function core(run: Recorder): void {
  const node = 'Core/Docker';
  run.node(node).step(node, 'launch', 'launch').wait(120);
  for (const current of [0, 9, 21, 33, 45]) {
    run
      .emit({
        type: 'progress',
        node,
        step: 'launch',
        label: 'pull 3f4c9a1b',
        current: current * 1e6,
        total: 45e6,
        unit: 'bytes',
      })
      .wait(420);
  }
  run.emit({ type: 'resource', node, phase: 'creating', kind: 'docker:container' }).wait(60);
  run.emit({ type: 'resource', node, phase: 'created', kind: 'docker:container', id: '9b1de0c4aa57' });
  run.stepEnd(node, 'launch').step(node, 'Core/Patches').wait(700);
  for (let index = 1; index <= 40; index += 1)
    run.out(node, 'Core/Patches', `Setting up package-${index} (1.${index}-2) ...\n`).wait(70);
  run.out(
    node,
    'Core/Patches',
    'debconf: delaying package configuration, since apt-utils is not installed\n',
    'stderr',
  );
  run.stepEnd(node, 'Core/Patches').step(node, 'Core/Hardening/Sysctl').wait(300);
  run.out(node, 'Core/Hardening/Sysctl', 'sysctl: cannot stat /proc/sys/net/core/bpf_jit_harden\n', 'stderr').wait(200);
  run
    .step(node, 'Core/Hardening/Sysctl', 'shell', 2)
    .wait(400)
    .stepEnd(node, 'Core/Hardening/Sysctl')
    .step(node, 'capture', 'capture')
    .wait(450);
  run.emit({ type: 'resource', node, phase: 'destroying', kind: 'docker:container', id: '9b1de0c4aa57' });
  run.emit({ type: 'resource', node, phase: 'destroyed', kind: 'docker:container', id: '9b1de0c4aa57' });
  run.stepEnd(node, 'capture').nodeEnd(node, { artifact: artifact('1') });
}

function web(run: Recorder): void {
  run
    .node('Web/Docker')
    .node('Web/Sandbox')
    .step('Web/Docker', 'launch', 'launch')
    .wait(240)
    .stepEnd('Web/Docker', 'launch');
  run.step('Web/Sandbox', 'launch', 'launch').wait(40).stepEnd('Web/Sandbox', 'launch');
  run
    .step('Web/Docker', 'Web/Nginx')
    .stepEnd('Web/Docker', 'Web/Nginx', 'cached')
    .step('Web/Docker', 'Web/Site', 'file')
    .wait(310);
  run
    .step('Web/Sandbox', 'Web/Nginx')
    .out('Web/Sandbox', 'Web/Nginx', `${HOSTILE}\n`)
    .wait(1900)
    .stepEnd('Web/Sandbox', 'Web/Nginx');
  run
    .stepEnd('Web/Docker', 'Web/Site')
    .step('Web/Docker', 'capture', 'capture')
    .wait(380)
    .stepEnd('Web/Docker', 'capture');
  run.nodeEnd('Web/Docker', { artifact: artifact('2', { outputs: { imageId: `sha256:${'2'.repeat(64)}` } }) });
  run
    .step('Web/Sandbox', 'Web/Site', 'file')
    .wait(90)
    .stepEnd('Web/Sandbox', 'Web/Site')
    .step('Web/Sandbox', 'capture', 'capture')
    .wait(620);
  const files = [{ path: 'artifacts/acme-images-Web.oci.tar', size: 48_234_496, sha256: '8'.repeat(64) }];
  run
    .stepEnd('Web/Sandbox', 'capture')
    .nodeEnd('Web/Sandbox', { artifact: artifact('3', { use: 'sandbox', kind: 'oci-archive', files }) });
  const check = 'Web/Serves/Docker';
  run
    .node(check)
    .step(check, 'launch', 'launch')
    .wait(220)
    .stepEnd(check, 'launch')
    .step(check, 'checks', 'verification')
    .wait(130);
  for (const name of ['service nginx', 'port 80/tcp', '`nginx -t`', 'the file /etc/nginx/nginx.conf'])
    run.emit({ type: 'check', node: check, step: 'checks', name, state: 'passed', wrong: [] });
  run.stepEnd(check, 'checks').nodeEnd(check);
  run.node('Web/Push/Docker').node('Web/Compress/Sandbox').wait(800);
  run.nodeEnd('Web/Push/Docker', { artifact: artifact('2', { description: 'localhost:5000/acme/web:1.4.0' }) });
  const zipped = [{ path: 'artifacts/acme-images-Web.oci.tar.zst', size: 17_301_504, sha256: '9'.repeat(64) }];
  run.wait(900).nodeEnd('Web/Compress/Sandbox', {
    artifact: artifact('4', {
      use: 'compress',
      kind: 'files',
      id: 'artifacts/acme-images-Web.oci.tar.zst',
      files: zipped,
    }),
  });
}

function api(run: Recorder): void {
  const node = 'Api/Docker';
  run.node(node).step(node, 'launch', 'launch');
  run.emit({ type: 'resource', node, phase: 'creating', kind: 'docker:container' }).wait(150);
  run.emit({ type: 'resource', node, phase: 'created', kind: 'docker:container', id: '3f4c9a1be210' });
  run.stepEnd(node, 'launch').step(node, 'Api/Node').wait(900).stepEnd(node, 'Api/Node').step(node, 'Api/App');
  run
    .out(
      node,
      'Api/App',
      'npm error code ENOTFOUND\nnpm error network request to https://registry.example/left-pad failed\n',
      'stderr',
    )
    .wait(1300);
  run.emit({ type: 'message', level: 'warning', node, step: 'Api/App', text: 'the step ended with exit status 1' });
  const error = {
    code: 'STEP_FAILED',
    message: '`npm ci --omit=dev` ended with exit status 1, 0 is expected',
    path: 'Api/App',
    source: 'images.ts:41',
    hint: 'allow other exit statuses with `validExitCodes`, or run `goldsmith build Api/Docker --on-error ask` to look around in the container',
    output: 'npm error code ENOTFOUND\nnpm error network request to https://registry.example/left-pad failed',
  } as const;
  run.stepEnd(node, 'Api/App', 'failed', error).stepEnd(node, 'Api/Report', 'skipped');
  run
    .emit({ type: 'resource', node, phase: 'kept', kind: 'docker:container', id: '3f4c9a1be210' })
    .nodeEnd(node, { state: 'failed', error });
  run.nodeEnd('Api/Push/Docker', { state: 'skipped', because: [node] });
  run
    .node('Manifest')
    .wait(15)
    .nodeEnd('Manifest', {
      artifact: artifact('6', {
        use: 'manifest',
        kind: 'files',
        id: 'manifest.json',
        files: [{ path: 'manifest.json', size: 2150 }],
      }),
    });
}
