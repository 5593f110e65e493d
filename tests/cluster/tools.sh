#!/usr/bin/env bash
# Build a real control plane from Go modules, once, into a cache folder outside of git: kube-apiserver,
# kube-controller-manager, kube-scheduler, kubectl, etcd and kwok, with the custom resource definitions the tests need.
# Nothing is downloaded but Go modules. A second run finds everything there and ends at once.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SLIPWAY_CLUSTER_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway/cluster}
bin=$cache/bin crds=$cache/crds
kwok=v0.8.0
mkdir -p "$bin" "$crds"
export GOCACHE=${GOCACHE:-$cache/go} CGO_ENABLED=0 GOFLAGS="-mod=mod -p=2 -buildvcs=false"

command -v go >/dev/null || { echo "make cluster-tools needs Go 1.25 or newer on PATH" >&2; exit 2; }
cd "$here"
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
stamp="$version etcd $(go list -m -f '{{.Version}}' go.etcd.io/etcd/server/v3) kwok $kwok"
if [ "$(cat "$cache/stamp" 2>/dev/null)" = "$stamp" ]; then
  "$here/crds.sh" "$crds"
  echo "cluster tools are there: $stamp"
  exit 0
fi

minor=$(cut -d. -f2 <<<"$version")
flags=""
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor"
  flags+=" -X $package.gitTreeState=clean -X $package.gitCommit=module-$version -X $package.buildDate=2026-01-01T00:00:00Z"
done
build() {
  local began=$SECONDS
  go build -trimpath -ldflags "-s -w $3" -o "$bin/$1" "$2"
  echo "$1 $((SECONDS - began)) s"
}
build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver "$flags"
build kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager "$flags"
build kube-scheduler k8s.io/kubernetes/cmd/kube-scheduler "$flags"
build kubectl k8s.io/kubernetes/cmd/kubectl "$flags"
build etcd go.etcd.io/etcd/server/v3 ""

cd "$cache" # outside the module above: these are modules of their own
export GOFLAGS="-p=2 -buildvcs=false"
GOBIN=$bin go install -trimpath -ldflags "-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=$kwok" "sigs.k8s.io/kwok/cmd/kwok@$kwok"

folder() { go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }
stages=$(folder "sigs.k8s.io/kwok@$kwok")/kustomize/stage
for stage in node/fast/node-initialize node/heartbeat-with-lease/node-heartbeat-with-lease \
  pod/fast/pod-ready pod/fast/pod-complete pod/fast/pod-delete; do
  echo ---
  cat "$stages/$stage.yaml"
done >"$cache/stages.yaml"
"$here/crds.sh" "$crds"
echo "$stamp" >"$cache/stamp"
echo "cluster tools are ready in ${SECONDS} s: $stamp"
