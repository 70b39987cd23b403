using System.Buffers;
using System.IO.Pipelines;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Templating.Core.Errors;
using Templating.Node.Mapping;

namespace Templating.Node.Admission;

/// <summary>
/// A request's body. What of it is in memory is taken from its caller's share: the part of a message that has come, and what a
/// call of one message was asked, until that call ends. The first message has to come soon.
/// </summary>
internal sealed class MeteredBody : PipeReader, IRequestBodyPipeFeature, IDisposable
{
    private static readonly TimeSpan FirstMessage = TimeSpan.FromSeconds(10);

    private readonly PipeReader _body;
    private readonly Share _share;
    private readonly bool _isKept;
    private readonly CancellationTokenSource _firstLimit;
    private ReadOnlySequence<byte> _buffer;
    private long _taken;
    private bool _isFirst = true;

    /// <param name="body">As the server has it.</param>
    /// <param name="share">Disposed of with it.</param>
    /// <param name="isKept">Whether what was read stays in memory until the call ends.</param>
    /// <param name="time">For the first message.</param>
    public MeteredBody(PipeReader body, Share share, bool isKept, TimeProvider time)
    {
        (_body, _share, _isKept) = (body, share, isKept);
        _firstLimit = new CancellationTokenSource(FirstMessage, time);
    }

    PipeReader IRequestBodyPipeFeature.Reader => this;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (!_isFirst)
        {
            return Take(await _body.ReadAsync(cancellationToken));
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(_firstLimit.Token, cancellationToken);
        try
        {
            return Take(await _body.ReadAsync(either.Token));
        }
        catch (OperationCanceledException e) when (_firstLimit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw ErrorMapping.ToStatus(new TemplatingException(
                ErrorCode.InvalidArgument, $"The call's first message did not come within {FirstMessage.TotalSeconds:0} s.", e)).ToRpcException();
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!_body.TryRead(out result))
        {
            return false;
        }

        result = Take(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var read = _buffer.Slice(0, consumed).Length;
        var left = _buffer.Length - read;
        if (read > 0)
        {
            _isFirst = false;
        }

        _taken += _isKept ? read : 0;
        _buffer = default;
        _body.AdvanceTo(consumed, examined);
        _share.TrySet(_taken + left);
    }

    public override void CancelPendingRead() => _body.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _body.Complete(exception);

    public void Dispose()
    {
        _share.Dispose();
        _firstLimit.Dispose();
    }

    private ReadResult Take(ReadResult result)
    {
        _buffer = result.Buffer;
        return _share.TrySet(_taken + _buffer.Length)
            ? result
            : throw ErrorMapping.ToStatus(new TemplatingException(
                ErrorCode.NodeCapacityExhausted,
                $"The caller's requests under way have more than their share of {NodeShares.RequestBytesPerCaller} bytes, or all callers' have. "
                + "Send fewer at once.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            }).ToRpcException();
    }
}
