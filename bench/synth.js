// Synthesises images × 3 sources × 20 provisioners on the compiled package and prints what it took, as JSON.
// Plain JavaScript, so that what is measured is the synth and not a compiler.
const started = process.hrtime.bigint();
const { App, Image, ShellProvisioner } = require('../dist');
const { DockerSource } = require('../dist/platforms/docker');
const { NullSource } = require('../dist/platforms/null');
const { writePlan } = require('../dist/plan/codec');
const os = require('node:os');

const images = Number(process.argv[2] ?? 1000);
const SOURCES = 3;
const PROVISIONERS = 20;

const since = (from) => Number(process.hrtime.bigint() - from) / 1e9;
const loaded = since(started);

const app = new App('bench', { baseDir: os.tmpdir(), variables: {} });
for (let number = 0; number < images; number += 1) {
  const image = new Image(app, `Image${number}`);
  new DockerSource(image, 'Debian', { base: 'debian:bookworm', tags: [`acme/debian-${number}`] });
  new DockerSource(image, 'Alpine', { base: 'alpine:3.22', tags: [`acme/alpine-${number}`] });
  new NullSource(image, 'Here');
  for (let step = 0; step < PROVISIONERS; step += 1) {
    new ShellProvisioner(image, `Step${step}`, { inline: [`echo image ${number} step ${step}`, 'true'] });
  }
}
const constructed = since(started);
const plan = app.synth();
const synthesised = since(started);
const text = writePlan(plan);
const written = since(started);

process.stdout.write(
  `${JSON.stringify({
    images,
    sources: SOURCES,
    provisioners: PROVISIONERS,
    nodes: plan.nodes.length,
    bytes: text.length,
    seconds: {
      load: loaded,
      construct: constructed - loaded,
      synth: synthesised - constructed,
      write: written - synthesised,
      total: written,
    },
    // Of all threads; less than the seconds where other programs wanted the machine too.
    cpuSeconds: (({ user, system }) => (user + system) / 1e6)(process.cpuUsage()),
    peakMB: Math.round(process.resourceUsage().maxRSS / 1024),
  })}\n`,
);
