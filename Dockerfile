# Three images: `docker build --target templating .` (node daemon, VM pods), `--target operator`, and `--target kubectl-templating`
# (load tests in the cluster; one of its own, since no node needs its 88 MB beside the operator all the time).
#
# eng/images/build.sh builds them without any registry: from base images it makes of Debian's packages, and (with
# BINARIES=published) from what eng/publish.sh has compiled on the host already.
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0
ARG BASE=docker.io/library/debian:trixie-slim
ARG NODE_BASE=${BASE}
ARG BINARIES=compiled

FROM ${SDK} AS compiled
# NativeAOT links with the C compiler.
RUN command -v gcc >/dev/null || { apt-get update && \
    apt-get install -y --no-install-recommends gcc libc6-dev zlib1g-dev && rm -rf /var/lib/apt/lists/*; }
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY protos protos
COPY src src
RUN dotnet publish src/Templating.Node -c Release -r linux-x64 -o /out/templating --nologo -v quiet && \
    dotnet publish src/Templating.Shim -c Release -r linux-x64 -o /out/shim --nologo -v quiet && \
    dotnet publish src/Templating.Operator -c Release -r linux-x64 -o /out/operator --nologo -v quiet && \
    dotnet publish src/Templating.Kubectl -c Release -r linux-x64 --self-contained -p:PublishSingleFile=true -o /out/kubectl --nologo -v quiet && \
    rm -f /out/*/*.pdb /out/*/*.dbg

FROM scratch AS published
COPY artifacts/publish/templating /out/templating/templating
COPY artifacts/publish-shim/containerd-shim-templating-v2 /out/shim/containerd-shim-templating-v2
COPY artifacts/publish-operator/templating-operator /out/operator/templating-operator
COPY artifacts/publish-kubectl/kubectl-templating /out/kubectl/kubectl-templating

FROM ${BINARIES} AS binaries

# QEMU 10 with what it and the executable load: setpriv and prlimit (util-linux), OpenSSL (with ca-certificates), passt for
# guests that may open connections outwards, erofs-utils for images of folders.
FROM ${NODE_BASE} AS templating
COPY eng/images/strip.sh /tmp/strip.sh
RUN command -v qemu-system-x86_64 >/dev/null || { apt-get update && \
    apt-get install -y --no-install-recommends qemu-system-x86 passt erofs-utils util-linux ca-certificates && sh /tmp/strip.sh; }
COPY --from=binaries /out/templating/templating /usr/bin/templating
# Not run here: `templating runtime install` places it on the node.
COPY --from=binaries /out/shim/containerd-shim-templating-v2 /usr/bin/containerd-shim-templating-v2
# A node daemon is run as another user by its pod's spec; a VM pod needs no name for its uid.
USER 65532:65532
ENTRYPOINT ["/usr/bin/templating"]

# OpenSSL with ca-certificates, and libstdc++ for what brings the .NET runtime along: one layer of both images.
FROM ${BASE} AS small
COPY eng/images/strip.sh /tmp/strip.sh
RUN [ -e /etc/ssl/certs/ca-certificates.crt ] || { apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates libstdc++6 && sh /tmp/strip.sh; }
USER 65532:65532

FROM small AS operator
COPY --from=binaries /out/operator/templating-operator /usr/bin/templating-operator
ENTRYPOINT ["/usr/bin/templating-operator"]

# Without kubectl: in a pod the plugin goes to the API server by the pod's account.
FROM small AS kubectl-templating
ENV DOTNET_EnableDiagnostics=0
COPY --from=binaries /out/kubectl/kubectl-templating /usr/bin/kubectl-templating
ENTRYPOINT ["/usr/bin/kubectl-templating"]
