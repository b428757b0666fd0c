#!/usr/bin/perl
# The only process in a user-mode Linux that reads a restore point's file systems. FILES.md has its protocol, byte by byte.
use strict;
use warnings;
use bytes;
use Fcntl qw(:DEFAULT :mode);
use Cwd qw(realpath);

use constant { CHUNK => 65536, VERSION => 1, LISTING_BYTES => 16 << 20, WALK_BYTES => 128 << 20 };

$SIG{PIPE} = 'IGNORE';
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{LC_ALL} = 'C';
$ENV{MDADM_NO_UDEV} = 1;    # else mdadm waits for names that nobody makes
umask 077;
my %mounted;    # device => directory
my $next = 0;
# How each kind is mounted: with its journal replayed, else without. What that writes is forgotten when this machine ends.
my %options = (
    ext2 => [''], ext3 => ['', 'noload'], ext4 => ['', 'noload'], xfs => ['nouuid', 'norecovery,nouuid'],
    btrfs => ['degraded,subvolid=5', 'rescue=nologreplay,degraded,subvolid=5'],
    vfat => ['utf8'], iso9660 => [''], udf => [''], ntfs => [], exfat => [],
);

open my $line, '+<', $ARGV[0] or die "no line: $!";
binmode $line;
system "stty -F $ARGV[0] raw -echo -ixon -ixoff -onlcr -opost 2>/dev/null";

prepare();
frame('H', pack 'N', VERSION);
while (defined(my $head = take(4))) {
    my $length = unpack 'N', $head;
    exit if $length > 1 << 20;
    my @fields = unpack '(N/a*)*', take($length) // exit;
    my $verb = shift @fields // '';
    my $answer = eval {
        local $SIG{ALRM} = sub { die "it took too long\n" };
        alarm 600;
          $verb eq 'volumes' ? volumes()
        : $verb eq 'unlock'  ? unlock(@fields)
        : $verb eq 'memory'  ? memory(@fields)
        : $verb eq 'key'     ? key(@fields)
        : $verb eq 'open'    ? open_by_key(@fields)
        : $verb eq 'list'    ? list(@fields)
        : $verb eq 'stat'    ? frame('D', record(path_of(@fields)))
        : $verb eq 'read'    ? read_file(@fields)
        : $verb eq 'walk'    ? walk(@fields)
        :                      die "unknown request\n";
        1;
    };
    my $fault = $answer ? '' : $@ || 'unknown fault';
    alarm 0;
    chomp $fault;
    frame('E', $fault);
}

sub take {
    my ($count) = @_;
    my $bytes = '';
    while (length $bytes < $count) {
        my $read = sysread $line, $bytes, $count - length $bytes, length $bytes;
        return undef unless $read;
    }
    return $bytes;
}

sub frame {
    my ($kind, $bytes) = @_;
    my $frame = $kind . pack('N', length $bytes) . $bytes;
    my $done = 0;
    while ($done < length $frame) {
        my $written = syswrite $line, $frame, length($frame) - $done, $done;
        exit unless $written;
        $done += $written;
    }
}

# Runs a program without a shell; its output, or undef.
sub output {
    my $pid = open(my $from, '-|') // return undef;
    if (!$pid) {
        open STDERR, '>', '/dev/null';
        open STDIN, '<', '/dev/null';
        exec { $_[0] } @_ or exit 127;
    }
    local $/;
    my $text = <$from>;
    close $from;
    return $? == 0 ? $text // '' : undef;
}

sub prepare {
    # What the kernel does not ask for by itself, and lvm in another place.
    output('/run/modprobe', '-a', qw(fuse md-mod linear raid0 raid1 raid10 raid456 dm-mod dm-crypt dm-thin-pool dm-raid dm-mirror dm-snapshot dm-cache algif_skcipher));
    # An array is written to by nobody but the file system on it: it is not made whole here.
    put('/sys/module/md_mod/parameters/start_ro', 1);
    put("/proc/sys/dev/raid/speed_limit_$_", 1) for qw(min max);
    assemble();
}

sub put {
    my ($path, $value) = @_;
    open my $file, '>', $path or return;
    print $file $value;
    close $file;
}

sub assemble {
    output('mdadm', '--assemble', '--scan', '--run', '--config=partitions', '--homehost=<ignore>');
    output('lvm', 'vgchange', '-ay', '--sysinit', '--config', 'devices{use_devicesfile=0 scan="/dev"} global{use_lvmpolld=0 thin_check_executable="" cache_check_executable=""} activation{udev_sync=0 udev_rules=0 monitoring=0} backup{backup=0 archive=0}');
    output('lvm', 'vgmknodes', '--config', 'devices{use_devicesfile=0 scan="/dev"}');
    output('dmsetup', 'mknodes');
}

# Tells the kernel of all devices, since a btrfs may lie on several. It knows itself which are none.
sub join_btrfs {
    use constant BTRFS_IOC_SCAN_DEV => 0x50009404;
    open my $control, '+<', '/dev/btrfs-control' or return;
    ioctl $control, BTRFS_IOC_SCAN_DEV, pack 'q a4088', 0, "/dev/$_" for devices();
    close $control;
}

sub devices {
    open my $partitions, '<', '/proc/partitions' or die "no list of devices\n";
    return sort grep { !/^ram|^loop/ && /^[A-Za-z0-9_-]+$/ } map { (split)[3] // () } grep { /\d/ } <$partitions>;
}

# Name of a device as people know it: a logical volume by its group and name.
sub title {
    my ($device) = @_;
    return output('dmsetup', 'info', '-C', '--noheadings', '-o', 'name', "/dev/$device") // $device if $device =~ /^dm-/;
    return $device;
}

sub volumes {
    assemble();
    for my $device (devices()) {
        my $size = do { open my $f, '<', "/sys/class/block/$device/size"; $f ? (<$f> // 0) * 512 : 0 };
        my %found = map { /^([A-Z_]+)=(.*)$/ ? ($1, $2) : () } split /\n/, output('blkid', '-p', '-o', 'export', "/dev/$device") // '';
        next if $found{PTTYPE} && !$found{TYPE};
        my $title = title($device);
        chomp $title;
        frame('D', pack '(N/a*)*', $device, $title, $found{TYPE} // '', $found{LABEL} // '', $found{UUID} // '', "$size");
    }
}

# Runs a program that reads a secret from its standard input; what it ends with.
sub give {
    my ($secret, @program) = @_;
    my $pid = open(my $to, '|-') // die "no process\n";
    if (!$pid) {
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec { $program[0] } @program or exit 127;
    }
    print $to $secret;
    close $to;
    return $? >> 8 || $?;
}

sub check_unlocked {
    my ($status) = @_;
    die $status == 2 ? "the pass phrase does not open it\n" : "it cannot be opened: it is damaged, or encrypted in a way that is not known here\n" if $status;
}

sub unlock {
    my ($device, $phrase) = @_;
    check_device($device);
    check_unlocked(give($phrase, 'cryptsetup', 'open', '--disable-external-tokens', '--key-file', '-', "/dev/$device", "unlocked-$device"));
    assemble();
}

# How much memory the derivation of a key from a pass phrase takes, in KiB.
sub memory {
    my ($device) = @_;
    check_device($device);
    my $text = output('cryptsetup', 'luksDump', "/dev/$device") // '';
    my ($most) = sort { $b <=> $a } 0, $text =~ /^\s*Memory:\s*([0-9]{1,9})\s*$/mg;
    frame('D', $most);
}

# The key that a pass phrase opens.
sub key {
    my ($device, $phrase) = @_;
    check_device($device);
    my $path = '/run/key';
    unlink $path;
    check_unlocked(give($phrase, 'cryptsetup', 'luksDump', '--batch-mode', '--disable-external-tokens', '--dump-volume-key', '--volume-key-file', $path, '--key-file', '-', "/dev/$device"));
    open my $file, '<:raw', $path or die "its key cannot be read\n";
    read $file, my $key, 4096;
    unlink $path;
    frame('D', $key);
}

sub open_by_key {
    my ($device, $key) = @_;
    check_device($device);
    my $path = '/run/key';
    sysopen my $file, $path, O_WRONLY | O_CREAT | O_EXCL, 0600 or die "no key\n";
    print $file $key;
    close $file;
    my $status = give('', 'cryptsetup', 'open', '--disable-external-tokens', '--volume-key-file', $path, "/dev/$device", "unlocked-$device");
    unlink $path;
    check_unlocked($status);
    assemble();
}

sub check_device {
    $_[0] =~ /^[A-Za-z0-9_-]+$/ && -b "/dev/$_[0]" or die "there is no such volume\n";
}

sub directory_of {
    my ($device) = @_;
    check_device($device);
    return $mounted{$device} if $mounted{$device};
    my $type = output('blkid', '-p', '-s', 'TYPE', '-o', 'value', "/dev/$device") // '';
    chomp $type;
    exists $options{$type} or die $type eq '' ? "no file system is known on it\n" : "it holds $type, which has no files to read\n";
    my $directory = '/mnt/' . $next++;
    mkdir $directory;
    join_btrfs() if $type eq 'btrfs';
    my @guard = ('ro', 'nosuid', 'nodev', 'noexec');
    my $done =
          $type eq 'ntfs'  ? output('ntfs-3g', '-o', join(',', @guard, 'streams_interface=none', 'recover'), "/dev/$device", $directory)
        : $type eq 'exfat' ? output('mount.exfat-fuse', '-o', join(',', @guard), "/dev/$device", $directory)
        :                    mount_kernel($type, $device, $directory, @guard);
    defined $done or die "the file system ($type on $device) cannot be mounted: it is damaged, or of a kind that is not known here\n";
    return $mounted{$device} = $directory;
}

sub mount_kernel {
    my ($type, $device, $directory, @guard) = @_;
    for my $options (@{ $options{$type} }) {
        my $done = output('mount', '-i', '-t', $type, '-o', join(',', @guard, grep { length } $options), "/dev/$device", $directory);
        return $done if defined $done;
    }
    return undef;
}

# The path on this machine of one in the file system. No component but the last may be a symbolic link: what it names is told, never followed.
sub path_of {
    my ($device, $path) = @_;
    my $at = directory_of($device);
    my @parts = grep { length } split m{/}, $path;
    for my $i (0 .. $#parts) {
        die "the path goes up\n" if $parts[$i] eq '..' || $parts[$i] eq '.';
        lstat $at or die "there is no such file\n";
        -d _ or die "it is no folder\n";
        $at .= "/$parts[$i]";
    }
    lstat $at or die "there is no such file\n";
    return $at;
}

sub record {
    my ($path, $name) = @_;
    my @s = lstat $path or return '';
    $name //= ($path =~ m{([^/]*)$})[0];
    my $link = S_ISLNK($s[2]) ? readlink($path) // '' : '';
    return pack 'N N N Q> q> n/a* n/a*', $s[2], $s[4], $s[5], $s[7], $s[9], substr($name, 0, 4096), substr($link, 0, 4096);
}

sub list {
    my ($device, $path) = @_;
    my $directory = path_of($device, $path);
    (lstat $directory)[2] && -d _ or die "it is no folder\n";
    opendir my $entries, $directory or die "the folder cannot be read: $!\n";
    my ($batch, $total) = ('', 0);
    while (defined(my $name = readdir $entries)) {
        next if $name eq '.' || $name eq '..';
        $batch .= record("$directory/$name", $name);
        if (length $batch > CHUNK) {
            $total += length $batch;
            frame('D', $batch);
            $batch = '';
            die "the folder has too many entries: search in it\n" if $total > LISTING_BYTES;
        }
    }
    frame('D', $batch) if length $batch;
}

sub read_file {
    my ($device, $path, $offset, $length) = @_;
    my $file = path_of($device, $path);
    lstat $file;
    -f _ or die "it is no file with content\n";
    sysopen my $from, $file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK or die "the file cannot be opened: $!\n";
    sysseek $from, $offset, 0;
    while ($length > 0) {
        my $read = sysread $from, my $bytes, $length < CHUNK ? $length : CHUNK;
        defined $read or die "the file cannot be read: $!\n";
        last if !$read;
        frame('D', $bytes);
        $length -= $read;
    }
}

# All below a folder, folders before what is in them, each record named by its path from there; only names that hold the text, if one is given.
sub walk {
    my ($device, $path, $text, $limit) = @_;
    my $root = path_of($device, $path);
    my @todo = ('');
    my ($batch, $count, $total) = ('', 0, 0);
    my $home = (lstat $root)[0];
    my $told = time;
    while (defined(my $folder = pop @todo)) {
        # A long search that finds nothing is no silence.
        if (time - $told > 5) { frame('D', ''); $told = time; }
        opendir my $entries, "$root$folder" or next;
        my @below;
        while (defined(my $name = readdir $entries)) {
            next if $name eq '.' || $name eq '..';
            my $inner = "$folder/$name";
            my @s = lstat "$root$inner" or next;
            push @below, $inner if S_ISDIR($s[2]) && ($s[0] == $home || is_subvolume(\@s)) && length $inner < 4000;
            next if length $text && index(lc $name, lc $text) < 0;
            $batch .= record("$root$inner", substr $inner, 1);
            if (length $batch > CHUNK) {
                $total += length $batch;
                frame('D', $batch);
                $batch = '';
                die "there are too many names: take a part of them\n" if $total > WALK_BYTES;
            }
            if (++$count >= $limit) { frame('D', $batch) if length $batch; frame('D', ''); return; }
        }
        push @todo, reverse sort @below;
        die "there are too many folders\n" if @todo > 2_000_000;
    }
    frame('D', $batch) if length $batch;
}

# Subvolumes of btrfs have a device number of their own and the inode 256.
sub is_subvolume { return $_[0][1] == 256; }
