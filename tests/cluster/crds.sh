#!/usr/bin/env bash
# Copy the custom resource definitions that the tests need from Go modules into the folder $1. This file is its own
# stamp: when it has not changed, everything is there, and a line that is added brings the folder up to date.
set -euo pipefail
crds=$1
self=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
if cmp -s "$self" "$crds.stamp"; then
  exit 0
fi
mkdir -p "$crds"
cd "$crds" # outside any module
export GOFLAGS="-buildvcs=false"

copy() { # module, its checksum, files in it
  local found folder
  found=$(go mod download -json "$1")
  [[ $found == *"\"$2\""* ]] || { echo "$1 has another checksum than $2" >&2; exit 1; }
  folder=$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<<"$found")
  for file in "${@:3}"; do
    install -m 0644 "$folder"/$file "$crds" # unquoted: a name may be a pattern
  done
}

copy sigs.k8s.io/gateway-api@v1.6.3 h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc= \
  config/crd/standard/gateway.networking.k8s.io_{gatewayclasses,gateways,httproutes,listenersets,referencegrants}.yaml
copy sigs.k8s.io/karpenter@v1.14.0 h1:+SXlqYNb9FIKRpDgPPRnphVmWbrWLw4tgzKezr372Mc= \
  'pkg/apis/crds/karpenter.sh_*.yaml'
copy github.com/aws/karpenter-provider-aws@v1.14.0 h1:QVQ947vQKzxM87aDbpZBtUnlVRVcU75c/RMlgVyX7nc= \
  pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml
copy sigs.k8s.io/cluster-api@v1.13.6 h1:imZVIstbRIq2DoKftQv0wPm+vyhWXrE3Zft8E43maqo= \
  config/crd/bases/cluster.x-k8s.io_machinedeployments.yaml
copy github.com/kedacore/keda/v2@v2.21.0 h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps= \
  config/crd/bases/keda.sh_{scaledobjects,triggerauthentications}.yaml
copy github.com/prometheus-operator/prometheus-operator@v0.85.0 h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s= \
  example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,prometheusrules}.yaml
copy github.com/cert-manager/cert-manager@v1.21.2 h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68= \
  deploy/crds/cert-manager.io_certificates.yaml
copy github.com/envoyproxy/gateway@v1.9.1 h1:vAVp6/AlBXJ1aOhp1mxL7fNEzVEfjADUguUhm2wzxQY= \
  charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_{backendtrafficpolicies,clienttrafficpolicies,securitypolicies}.yaml
copy sigs.k8s.io/gateway-api-inference-extension@v1.0.0 h1:GsHvlu1Cn1t6+vrHoPdNNlpwKxf/y1HuQSlUjd58Ds8= \
  config/crd/bases/inference.networking.k8s.io_inferencepools.yaml
install -m 0644 "$self" "$crds.stamp"
