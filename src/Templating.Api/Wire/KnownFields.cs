using System.Buffers;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace Templating.Api.Wire;

/// <summary>
/// Decoding of messages from a peer that is not trusted: what this version does not know is dropped (protobuf keeps it, and would
/// carry it on), and a message of far more fields than any has is refused before it is decoded.
/// </summary>
public static class KnownFields
{
    /// <exception cref="InvalidProtocolBufferException">It is not a message of that type.</exception>
    /// <exception cref="InvalidDataException">It has too many fields.</exception>
    public static IMessage Read(MessageDescriptor type, ReadOnlySequence<byte> payload, bool limited = true)
    {
        ArgumentNullException.ThrowIfNull(type);
        var bytes = payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray();
        return !limited || WireFields.AreFew(bytes, type)
            ? type.Parser.WithDiscardUnknownFields(discardUnknownFields: true).ParseFrom(bytes)
            : throw new InvalidDataException($"A {type.Name} has more than {WireFields.Most} fields.");
    }

    /// <summary>A method whose requests are read by <see cref="Read"/>: for servers.</summary>
    /// <param name="method">As it was generated.</param>
    /// <param name="service">Its service.</param>
    /// <param name="refuse">Makes the failure that a caller sees of why its message cannot be read.</param>
    public static Method<TRequest, TResponse> InRequests<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServiceDescriptor service, Func<Exception, Exception> refuse)
        where TRequest : class
        where TResponse : class
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(refuse);
        var type = service.FindMethodByName(method.Name).InputType;
        return new Method<TRequest, TResponse>(
            method.Type, method.ServiceName, method.Name,
            new Marshaller<TRequest>(
                method.RequestMarshaller.ContextualSerializer,
                context =>
                {
                    try
                    {
                        return (TRequest)Read(type, context.PayloadAsReadOnlySequence());
                    }
                    catch (Exception e) when (e is InvalidProtocolBufferException or InvalidDataException)
                    {
                        throw refuse(e);
                    }
                }),
            method.ResponseMarshaller);
    }

    /// <summary>
    /// A method whose responses are read by <see cref="Read"/>: for clients. A page of a thousand objects may have any number of
    /// fields; the channel's limit in bytes is what bounds it.
    /// </summary>
    public static Method<TRequest, TResponse> InResponses<TRequest, TResponse>(Method<TRequest, TResponse> method, ServiceDescriptor service)
        where TRequest : class
        where TResponse : class
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(service);
        var type = service.FindMethodByName(method.Name).OutputType;
        return new Method<TRequest, TResponse>(
            method.Type, method.ServiceName, method.Name, method.RequestMarshaller,
            new Marshaller<TResponse>(
                method.ResponseMarshaller.ContextualSerializer,
                context => (TResponse)Read(type, context.PayloadAsReadOnlySequence(), limited: false)));
    }
}
