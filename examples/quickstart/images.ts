import {
  App,
  build,
  FileProvisioner,
  Image,
  ManifestPostProcessor,
  ShellProvisioner,
  ssh,
  text,
  Variable,
  Verification,
} from 'goldsmith';
import { AmazonEbsSource, AmazonImage } from 'goldsmith/aws';
import { SandboxBase, SandboxSource } from 'goldsmith/sandbox';

export const app = new App('quickstart');

const aws = new Variable(app, 'aws', { default: 'no', description: '`yes`: on AWS too, which a rehearsal embeds' });

// What all images have in common. The minimal base is made of this machine's own commands: nothing is downloaded.
const core = new Image(app, 'Core');
new SandboxSource(core, 'Sandbox', { base: SandboxBase.minimal() });
if (aws.value === 'yes') {
  new AmazonEbsSource(core, 'Aws', {
    region: 'eu-west-1',
    instanceType: 't3.small',
    base: AmazonImage.lookup({ owners: ['099720109477'], name: 'ubuntu/images/*-24.04-amd64-*', mostRecent: true }),
    // The steps below want root, as whom the images of Canonical let nobody in unless they are told to.
    userData: '#cloud-config\ndisable_root: false\n',
    communicator: ssh({ username: 'root' }),
  });
}
new ShellProvisioner(core, 'Release', {
  inline: ['mkdir -p /etc/acme', text`echo "image=${build.image} platform=${build.type}" > /etc/acme/release`],
});

// Starts where Core ended, on each of Core's platforms. What differs is said by the id of the source.
const hello = new Image(app, 'Hello', { from: core, sources: { Sandbox: { changes: ['CMD ["hello"]'] } } });
new FileProvisioner(hello, 'Program', { source: 'hello.sh', destination: '/usr/bin/hello' });
new ShellProvisioner(hello, 'Executable', { inline: ['chmod 755 /usr/bin/hello'] });

// Starts the finished image afresh and runs it. What fails here goes no further.
new Verification(hello, 'Runs', {
  commands: [{ command: 'hello', stdout: '/^hello from Core/' }],
  files: [{ path: '/usr/bin/hello', mode: '0755', owner: 'root' }],
});

// Below the app, a post-processor takes the artifacts of all images.
new ManifestPostProcessor(app, 'Manifest', { output: 'artifacts/manifest.json' });

app.run();
