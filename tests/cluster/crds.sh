#!/usr/bin/env bash
# Copy the custom resource definitions that the tests need from Go modules into the folder $1. This file is its own
# stamp: when it has not changed, everything is there, and a line that is added brings the folder up to date.
set -euo pipefail
crds=$1
if cmp -s "$0" "$crds.stamp"; then
  exit 0
fi
cd "$(dirname "$crds")" # outside any module
export GOFLAGS="-buildvcs=false"
folder() { go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }

install -m 0644 "$(folder sigs.k8s.io/gateway-api@v1.6.3)"/config/crd/standard/gateway.networking.k8s.io_{gatewayclasses,gateways,httproutes,listenersets}.yaml "$crds"
install -m 0644 "$(folder sigs.k8s.io/karpenter@v1.14.0)"/pkg/apis/crds/karpenter.sh_*.yaml "$crds"
install -m 0644 "$(folder github.com/aws/karpenter-provider-aws@v1.14.0)"/pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml "$crds"
install -m 0644 "$(folder sigs.k8s.io/cluster-api@v1.13.6)"/config/crd/bases/cluster.x-k8s.io_machinedeployments.yaml "$crds"
install -m 0644 "$(folder github.com/kedacore/keda/v2@v2.21.0)"/config/crd/bases/keda.sh_{scaledobjects,triggerauthentications}.yaml "$crds"
install -m 0644 "$(folder github.com/prometheus-operator/prometheus-operator@v0.85.0)"/example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,prometheusrules}.yaml "$crds"
install -m 0644 "$(folder github.com/cert-manager/cert-manager@v1.21.2)"/deploy/crds/cert-manager.io_certificates.yaml "$crds"
install -m 0644 "$(folder github.com/envoyproxy/gateway@v1.9.1)"/charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_{backendtrafficpolicies,clienttrafficpolicies,securitypolicies}.yaml "$crds"
install -m 0644 "$(folder sigs.k8s.io/gateway-api-inference-extension@v1.0.0)"/config/crd/bases/inference.networking.k8s.io_inferencepools.yaml "$crds"
install -m 0644 "$0" "$crds.stamp"
