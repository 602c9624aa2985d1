#!/bin/sh
# scripts/release.sh [folder]: builds the release for this platform and this Node into a folder (./release), with its
# checksums and a list of all it is made of. The packages in it are the installed ones, those the tests ran with.
set -eu
cd "$(dirname "$0")/.."
out=${1:-release}
mkdir -p "$out"
out=$(cd "$out" && pwd)
version=$(node -p 'require("./package.json").version')
name=countersign-$version-$(node -p '`${process.platform}-${process.arch}-node${process.versions.node.split(".")[0]}`')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
to=$work/$name
mkdir "$to"

npm run --silent build
for file in install.sh package.json package-lock.json .env.example README.md CHANGELOG.md LICENSE dist fonts migrations runbooks docs systemd; do
  cp -R "$file" "$to/"
done
# A policy is its owner's, and so are the numbers a business lives by.
rm -f "$to/runbooks/policy.yaml" "$to/runbooks/kpis.yaml" "$to/runbooks/watch.yaml"
root=$(pwd)
npm ls --omit=dev --all --parseable | tail -n +2 | sed "s|^$root/||" | while read -r package; do
  # A package inside another one comes with it.
  case ${package#node_modules/} in */node_modules/*) continue ;; esac
  mkdir -p "$(dirname "$to/$package")"
  cp -R "$package" "$to/$package"
done

npm sbom --omit=dev --sbom-format=cyclonedx >"$out/$name.cdx.json"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" -czf "$out/$name.tar.gz" "$name"
cd "$out"
sha256sum "$name.tar.gz" "$name.cdx.json" >SHA256SUMS
cat SHA256SUMS
