using System.Text;
using Google.Protobuf;
using k8s.Autorest;
using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>Reads a VMClone's inputs when they are needed; nothing of them is kept.</summary>
internal sealed class InputReader(ClusterApi reader)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>The inputs, and what is missing or wrong of them: then they are not to be used.</returns>
    public async Task<(CloneInputs Inputs, IReadOnlyList<FieldViolation> Faults)> ReadAsync(VMClone clone, CancellationToken cancellationToken)
    {
        var faults = new Faults();
        var sources = new Sources(reader, clone.Metadata.NamespaceProperty);
        var environment = new List<KeyValuePair<string, string>>();
        var fields = new List<string>();
        var spec = clone.Spec;
        foreach (var (index, variable) in (spec.Env ?? []).Index())
        {
            var field = $"spec.env[{index}]";
            if (await sources.ReadAsync(variable, field, faults, cancellationToken) is not { } bytes)
            {
                continue;
            }

            try
            {
                environment.Add(new(variable.Name, StrictUtf8.GetString(bytes)));
                fields.Add(field);
            }
            catch (DecoderFallbackException)
            {
                faults.Add(field, "Its value is not UTF-8; give it as a file.");
            }
        }

        var files = new List<GuestFile>();
        foreach (var (index, file) in (spec.Files ?? []).Index())
        {
            if (await sources.ReadAsync(file, $"spec.files[{index}]", faults, cancellationToken) is { } content)
            {
                files.Add(FileOf(file, content));
            }
        }

        var userData = spec.UserData is null ? null : await sources.ReadAsync(spec.UserData, "spec.userData", faults, cancellationToken);
        faults.AddRange(EnvironmentRules.Check("spec.env", environment, i => ($"{fields[i]}.name", fields[i])));
        faults.AddRange(GuestFileRules.Check("spec.files", [.. files.Select(f => (f.Path, (long)f.Content.Length, (int)f.Mode))]));
        faults.AddRange(UserDataRules.Check("spec.userData", userData?.Length ?? 0));
        return (new CloneInputs(environment, userData is null ? ByteString.Empty : ByteString.CopyFrom(userData), files), faults.All);
    }

    private static GuestFile FileOf(VMFile file, byte[] content)
    {
        var wire = new GuestFile { Path = file.Path, Content = ByteString.CopyFrom(content) };
        if (file.Mode is { } mode)
        {
            wire.Mode = (uint)mode;
        }

        return wire;
    }

    /// <summary>Each Secret and ConfigMap is read once, however many keys of it are asked for.</summary>
    private sealed class Sources(ClusterApi reader, string @namespace)
    {
        private readonly Dictionary<(bool Secret, string Name), Dictionary<string, byte[]>?> _read = [];

        /// <returns>Null where there is nothing: because it is optional, or with a fault.</returns>
        public async Task<byte[]?> ReadAsync(VMValueSource source, string field, Faults faults, CancellationToken cancellationToken)
        {
            var secret = source.SecretKeyRef is not null;
            if ((source.SecretKeyRef ?? source.ConfigMapKeyRef) is not { } reference)
            {
                return Encoding.UTF8.GetBytes(source.Value ?? "");
            }

            var kind = secret ? "Secret" : "ConfigMap";
            var key = (secret, reference.Name);
            if (!_read.TryGetValue(key, out var data))
            {
                try
                {
                    data = _read[key] = await GetAsync(secret, reference.Name, cancellationToken);
                }
                catch (HttpOperationException refusal) when (ClusterErrors.IsAboutThisCall(refusal))
                {
                    // An optional one, too: whether it is there was not said.
                    faults.Add(field, $"{kind} '{reference.Name}' may not be read: {ClusterErrors.MessageOf(refusal)}");
                    return null;
                }
            }

            if (data is not null && data.TryGetValue(reference.Key, out var value))
            {
                return value;
            }

            if (reference.Optional != true)
            {
                faults.Add(field, data is null
                    ? $"There is no {kind} '{reference.Name}' in this namespace; make it, or make the reference optional."
                    : $"{kind} '{reference.Name}' has no key '{reference.Key}'; add it, or make the reference optional.");
            }

            return null;
        }

        private async Task<Dictionary<string, byte[]>?> GetAsync(bool secret, string name, CancellationToken cancellationToken)
        {
            var key = new ObjectKey(@namespace, name);
            return secret
                ? OfSecret(await reader.GetAsync<V1Secret>(key, cancellationToken))
                : OfConfigMap(await reader.GetAsync<V1ConfigMap>(key, cancellationToken));
        }

        private static Dictionary<string, byte[]>? OfSecret(V1Secret? secret) =>
            secret is null ? null : new(secret.Data ?? new Dictionary<string, byte[]>(StringComparer.Ordinal), StringComparer.Ordinal);

        private static Dictionary<string, byte[]>? OfConfigMap(V1ConfigMap? map)
        {
            if (map is null)
            {
                return null;
            }

            var data = new Dictionary<string, byte[]>(map.BinaryData ?? new Dictionary<string, byte[]>(StringComparer.Ordinal), StringComparer.Ordinal);
            foreach (var (key, text) in map.Data ?? new Dictionary<string, string>(StringComparer.Ordinal))
            {
                data[key] = Encoding.UTF8.GetBytes(text);
            }

            return data;
        }
    }
}
