/** Commands of which a root is made that a machine starts from, and nothing more. */
const COMMANDS = 'sh cat chmod chown grep mkdir ls id rm mv';

/** A shell script that fills a folder with a root file system of the machine's own programs. */
export function smallRoot(folder: string): string {
  return `(
set -e
cd ${folder}
mkdir -p dev etc home proc root run sys tmp var usr/bin usr/lib usr/lib64 usr/sbin usr/local/bin
for d in bin lib lib64 sbin; do ln -s usr/$d $d; done
for c in ${COMMANDS}; do
  cp -L /usr/bin/$c usr/bin/
  for l in $(ldd /usr/bin/$c | grep -o '/[^ ]*'); do mkdir -p .$(dirname $l); cp -nL $l .$l; done
done
echo 'root:x:0:0:root:/root:/bin/sh' > etc/passwd
echo 'root:x:0:' > etc/group
)`;
}
