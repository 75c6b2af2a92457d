#!/usr/bin/env bash
# make-disk.sh FILE: makes the disk that tests start from: Debian with cloud-init and an SSH server, which boots by BIOS and logs to
# its serial port. As root, from Debian's packages alone; nothing is mounted. Needs mmdebstrap, qemu-utils, fdisk, dosfstools, mtools,
# e2fsprogs, syslinux and syslinux-common.
set -euo pipefail
file=${1:?usage: make-disk.sh FILE}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Kept for the machine itself: what boots, what answers by SSH, and what reads the seed.
packages=linux-image-cloud-amd64,systemd-sysv,dbus,udev,openssh-server,cloud-init,cloud-guest-utils,fdisk,e2fsprogs,sudo,iproute2,python3
mmdebstrap --quiet --variant=minbase --include="$packages" --format=directory \
  --customize-hook='echo "LABEL=root / ext4 errors=remount-ro 0 1" > "$1/etc/fstab"' \
  --customize-hook='echo "datasource_list: [NoCloud, None]" > "$1/etc/cloud/cloud.cfg.d/90-seed.cfg"' \
  --customize-hook='echo debian > "$1/etc/hostname"; echo "127.0.0.1 localhost debian" > "$1/etc/hosts"' \
  --customize-hook='chroot "$1" systemctl enable --quiet systemd-networkd' \
  --customize-hook='rm -f "$1"/etc/ssh/ssh_host_*; : > "$1/etc/machine-id"' \
  bookworm "$dir/root"

# Two partitions: one that the BIOS's loader can read, and the system.
mebibyte=$((1024 * 1024)) boot=96 size=4096
truncate -s ${size}M "$dir/disk"
printf 'label: dos\nstart=1MiB, size=%sMiB, type=e, bootable\nstart=%sMiB, type=83\n' $boot $((boot + 1)) | sfdisk --quiet "$dir/disk"
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$dir/disk" bs=440 count=1 conv=notrunc status=none
truncate -s ${boot}M "$dir/boot"
mkfs.vfat -n BOOT "$dir/boot" >/dev/null
mcopy -i "$dir/boot" "$dir"/root/boot/vmlinuz-* ::vmlinuz
mcopy -i "$dir/boot" "$dir"/root/boot/initrd.img-* ::initrd
printf 'DEFAULT debian\nLABEL debian\n  LINUX /vmlinuz\n  INITRD /initrd\n  APPEND root=LABEL=root ro console=tty0 console=ttyS0 net.ifnames=0\n' |
  mcopy -i "$dir/boot" - ::syslinux.cfg
syslinux --install "$dir/boot"
dd if="$dir/boot" of="$dir/disk" bs=$mebibyte seek=1 conv=notrunc,sparse status=none
mke2fs -q -t ext4 -L root -d "$dir/root" -E offset=$(((boot + 1) * mebibyte)) "$dir/disk" $((size - boot - 2))M

qemu-img convert -q -c -O qcow2 "$dir/disk" "$file.part"
mv "$file.part" "$file"
