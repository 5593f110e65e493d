#!/usr/bin/env bash
# Build a real control plane from Go modules, once, into a cache folder outside of git: kube-apiserver,
# kube-controller-manager, kube-scheduler, kubectl, etcd and kwok, with the custom resource definitions the tests need.
# Nothing is downloaded but Go modules. A second run finds everything there and ends at once. Where the environment
# names another control plane (KUBEBUILDER_ASSETS, SLIPWAY_TEST_KUBECONFIG), only the definitions are fetched.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SLIPWAY_CLUSTER_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway/cluster}
bin=$cache/bin crds=$cache/crds
kwok=v0.8.0
kwok_sum=h1:OTIOTwgROqPMovcTwxICx2eYQ4AwLpSx5EpjbDKF4SQ=

command -v go >/dev/null || { echo "make cluster-tools needs Go 1.25 or newer on PATH" >&2; exit 2; }
mkdir -p "$bin" "$crds"
exec 9>"$cache/lock"
if command -v flock >/dev/null; then flock 9; fi # two runs at once would write the same files
if [ -n "${KUBEBUILDER_ASSETS-}${SLIPWAY_TEST_KUBECONFIG-}" ]; then
  "$here/crds.sh" "$crds"
  echo "only custom resource definitions were fetched: the environment names another control plane"
  exit 0
fi

export CGO_ENABLED=0 GOFLAGS="-p=2 -buildvcs=false"
cd "$here" # go.sum there has the checksum of every module
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
etcd=$(go list -m -f '{{.Version}}' go.etcd.io/etcd/server/v3)
stamp="$version etcd $etcd kwok $kwok"
if [ "$(cat "$cache/stamp" 2>/dev/null)" = "$stamp" ]; then
  "$here/crds.sh" "$crds"
  echo "cluster tools are there: $stamp"
  exit 0
fi

rm -f "$cache/stamp"
minor=$(cut -d. -f2 <<<"$version")
flags=""
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor"
  flags+=" -X $package.gitTreeState=clean -X $package.gitCommit=module-$version -X $package.buildDate=2026-01-01T00:00:00Z"
done
build() { # name, package, version as the binary says it, options of the linker
  local began=$SECONDS
  go build -trimpath -ldflags "-s -w ${4-}" -o "$bin/$1" "$2"
  verify "$1" "$3" --version
  echo "$1 $3, $((SECONDS - began)) s"
}
verify() { # name, version, options
  local said
  said=$("$bin/$1" "${@:3}" 2>&1)
  [[ $said == *"$2"* ]] || { echo "$1 is not $2 but: $said" >&2; exit 1; }
}
for part in kube-apiserver kube-controller-manager kube-scheduler; do
  build "$part" "k8s.io/kubernetes/cmd/$part" "Kubernetes $version" "$flags"
done
go build -trimpath -ldflags "-s -w $flags" -o "$bin/kubectl" k8s.io/kubernetes/cmd/kubectl
verify kubectl "Client Version: $version" version --client
build etcd go.etcd.io/etcd/server/v3 "etcd Version: ${etcd#v}"

cd "$cache" # outside the module above: kwok is one of its own
module=$(go mod download -json "sigs.k8s.io/kwok@$kwok")
[[ $module == *"\"$kwok_sum\""* ]] || { echo "kwok $kwok has another checksum than $kwok_sum" >&2; exit 1; }
GOBIN=$bin go install -trimpath -ldflags "-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=$kwok" "sigs.k8s.io/kwok/cmd/kwok@$kwok"
verify kwok "kwok version $kwok" --version
stages=$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<<"$module")/kustomize/stage
for stage in node/fast/node-initialize node/heartbeat-with-lease/node-heartbeat-with-lease \
  pod/fast/pod-ready pod/fast/pod-complete pod/fast/pod-delete; do
  echo ---
  cat "$stages/$stage.yaml"
done >"$cache/stages.yaml"
"$here/crds.sh" "$crds"
echo "$stamp" >"$cache/stamp"
echo "cluster tools are ready in ${SECONDS} s: $stamp"
