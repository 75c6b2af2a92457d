/**
 * Merges a folder into another one by renaming, so that no half file ever has its name. A folder that is not there yet
 * moves as a whole. `$1` is empty of folders when its files move.
 */
const MERGE = `
merge() {
  for e in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -d "$e" ] && [ ! -L "$e" ]; then
      if [ -d "$2/\${e##*/}" ]; then
        m=$(stat -c %a "$e" 2>/dev/null) && chmod "$m" "$2/\${e##*/}" 2>/dev/null
        merge "$e" "$2/\${e##*/}" || return 1
      else mv -f "$e" "$2/" || return 1
      fi
    fi
  done
  if command -v find >/dev/null 2>&1; then
    find "$1" ! -type d -exec /bin/sh -c 'd=$0; exec mv -f "$@" "$d/"' "$2" {} +
  else
    for e in "$1"/* "$1"/.[!.]* "$1"/..?*; do
      if [ -L "$e" ] || { [ -e "$e" ] && [ ! -d "$e" ]; }; then mv -f "$e" "$2/" || return 1; fi
    done
  fi
}`;

/** $1 the folder, $2 the name of what is not whole yet: within the folder where that is there, else beside it. */
const STAGE = `
u=$(umask)
if [ -d "$1" ]; then s="$1/.$2"
elif [ -e "$1" ] || [ -L "$1" ]; then echo "$1 is there and is no directory" >&2; exit 1
else s="$1.$2"
fi`;

/** Empties the stage into the folder. */
const FINISH = `
finish() {
  if [ -d "$1" ]; then merge "$s" "$1" && rm -rf "$s"
  else chmod "$(printf %o $((0777 & ~0$u)))" "$s" && mv "$s" "$1"
  fi
}`;

/** Takes a tar archive from standard input. $3 is the name of its last entry. */
export const RECEIVE_TAR = `
${MERGE}
${STAGE}
${FINISH}
[ -d "$1" ] || mkdir -p "$(dirname "$1")" || exit 1
( umask 077; mkdir -p "$s" ) || exit 1
tar -xpof - -C "$s" || exit 1
if [ ! -e "$s/$3" ]; then echo "the archive broke off" >&2; exit 1; fi
rm -f "$s/$3"
finish "$@"
`;

/** Prints the stage's path, which it makes. */
export const MAKE_STAGE = `
${STAGE}
mkdir -p "$(dirname "$1")" && ( umask 077; mkdir -p "$s" ) && echo "$s"
`;

/** Empties the stage into the folder. */
export const FINISH_STAGE = `
${MERGE}
${STAGE}
${FINISH}
finish "$@"
`;

/** Prints size, time, mode and name of what is there already, in the stage and in the folder. */
export const LIST = `
${STAGE}
for d in "$s" "$1"; do
  [ -d "$d" ] && ( cd "$d" && find . -type f -exec stat -c '%s %Y %a %n' {} + )
done
exit 0
`;
