#!/usr/bin/env bash
# Makes localhost/debian-web:1, a web server in Debian as its packages have it: usr-merged, dynamically linked, with perl. It is put
# together from the files of this machine's own essential packages, so that nothing is fetched.
#
#   debian-image.sh ARCHIVE
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
archive=${1:?ARCHIVE is missing}
packages=(base-files base-passwd bash coreutils dash grep hostname libacl1 libattr1 libc-bin libc6 libcrypt1 libgmp10 libpcre2-8-0
    libselinux1 libtinfo6 perl-base sed tar)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{usr/{bin,sbin,lib,lib64},etc,tmp,root,proc,sys,dev,run,var/lib,srv/www}
for folder in bin sbin lib lib64; do
    ln -s "usr/$folder" "$work/$folder"
done
chmod 1777 "$work/tmp"
# Of a package whose name has changed since (64-bit time) the newer one. Names are as before the merge of /usr in some packages.
for package in "${packages[@]}"; do
    dpkg -L "$package" 2>/dev/null || dpkg -L "${package}t64"
done | grep -vE '^/usr/share/(doc|man|locale|lintian|bug)/|^/(dev|proc|sys|run|tmp|var|bin|sbin|lib|lib64)?$|^/(dev|proc|sys|run|tmp|var)/|^/\.$' |
    sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\1/#; s#^/##' | sort -u |
    tar -C / --no-recursion --ignore-failed-read -cf - -T - 2>/dev/null | tar -C "$work" -xf -
printf 'root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/srv/www:/usr/sbin/nologin\n' >"$work/etc/passwd"
printf 'root:x:0:\nwww-data:x:33:\n' >"$work/etc/group"
ldconfig -r "$work"
cat >"$work/usr/bin/web" <<'PERL'
#!/usr/bin/perl
# Answers each request with the name of its host and what is in /srv/www/index.html.
use strict;
use warnings;
use IO::Socket::INET;
$SIG{TERM} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
my $port = $ENV{PORT} // 80;
my $server = IO::Socket::INET->new(LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "port $port: $!";
print STDERR "listening on $port\n";
while (my $client = $server->accept) {
    while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/ }
    open(my $page, '<', '/srv/www/index.html') or die "page: $!";
    local $/;
    my $name = do { open(my $f, '<', '/etc/hostname'); <$f> };
    my $body = "$name" . <$page>;
    print $client "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    close($client);
}
PERL
chmod 755 "$work/usr/bin/web"
echo "a page of Debian" >"$work/srv/www/index.html"
"$here/make-image.sh" localhost/debian-web:1 "$work" "$archive" \
    '{"Entrypoint":["/usr/bin/web"],"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"WorkingDir":"/srv/www","ExposedPorts":{"80/tcp":{}}}'
