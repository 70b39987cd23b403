#!/usr/bin/env bash
# Makes a container image of one layer from a folder, as a docker-archive, without any image tool. The same folder gives
# the same bytes.
#
#   make-image.sh NAME:TAG FOLDER ARCHIVE [CONFIG]
#
#   CONFIG   the image's configuration, as JSON: {"Entrypoint":["/pause"]}
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
name=${1:?NAME:TAG is missing}
folder=${2:?FOLDER is missing}
archive=$(realpath -m "${3:?ARCHIVE is missing}")
config=${4:-"{}"}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pack=(tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner)
"${pack[@]}" -cf "$work/layer.tar" -C "$folder" .
digest=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
jq -cn --argjson config "$config" --arg digest "sha256:$digest" '{
    architecture: "amd64", os: "linux", config: $config,
    rootfs: {type: "layers", diff_ids: [$digest]}, history: [{created_by: "make-image.sh"}]}' >"$work/config.json"
jq -cn --arg name "$name" '[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' >"$work/manifest.json"
"${pack[@]}" -cf "$archive.new" -C "$work" manifest.json config.json layer.tar
mv "$archive.new" "$archive"
