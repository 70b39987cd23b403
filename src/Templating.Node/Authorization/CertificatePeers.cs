using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Templating.Node.Authorization;

/// <summary>Reads who a client certificate is of. Its chain was checked before, at the TLS handshake.</summary>
internal static class CertificatePeers
{
    private const string CommonNameOid = "2.5.4.3";
    private const string SubjectAlternativeNameOid = "2.5.29.17";

    // GeneralName ::= CHOICE { ... uniformResourceIdentifier [6] IA5String ... }, RFC 5280 section 4.2.1.6.
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    public static CertificatePeer Read(X509Certificate2 certificate) => new(CommonName(certificate), Uris(certificate));

    private static string? CommonName(X509Certificate2 certificate) => certificate.SubjectName
        .EnumerateRelativeDistinguishedNames()
        .FirstOrDefault(name => !name.HasMultipleElements && string.Equals(name.GetSingleElementType().Value, CommonNameOid, StringComparison.Ordinal))?
        .GetSingleElementValue();

    private static List<string> Uris(X509Certificate2 certificate)
    {
        var uris = new List<string>();
        foreach (var extension in certificate.Extensions.Where(e => string.Equals(e.Oid?.Value, SubjectAlternativeNameOid, StringComparison.Ordinal)))
        {
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (names.PeekTag().HasSameClassAndValue(Uri))
                {
                    uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, Uri));
                }
                else
                {
                    names.ReadEncodedValue();
                }
            }
        }

        return uris;
    }
}
