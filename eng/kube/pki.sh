# shellcheck shell=bash
# Certificates of a local cluster. To be sourced. All are of one authority, and good for 30 days.

pki_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$2" \
        -keyout "$1/ca.key" -out "$1/ca.crt" 2>/dev/null
    openssl ecparam -name prime256v1 -genkey -noout -out "$1/service-accounts.key"
}

# pki_certificate FOLDER NAME SUBJECT [SUBJECT_ALT_NAMES]: NAME.crt and NAME.key, for clients, and servers if names are given.
pki_certificate() {
    local folder=$1 name=$2 subject=$3 names=${4:-}
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" \
        -keyout "$folder/$name.key" -out "$folder/$name.csr" 2>/dev/null
    openssl x509 -req -in "$folder/$name.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -days 30 \
        -set_serial "0x$(openssl rand -hex 8)" -out "$folder/$name.crt" -extfile <(
            echo "extendedKeyUsage=clientAuth${names:+,serverAuth}"
            [ -z "$names" ] || echo "subjectAltName=$names"
        ) 2>/dev/null
    rm "$folder/$name.csr"
}

# pki_kubeconfig FOLDER FILE SERVER NAME: a kubeconfig that proves itself by NAME's certificate; it holds all it needs.
pki_kubeconfig() {
    cat >"$2" <<YAML
apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: $3
    certificate-authority-data: $(base64 -w0 <"$1/ca.crt")
users:
- name: $4
  user:
    client-certificate-data: $(base64 -w0 <"$1/$4.crt")
    client-key-data: $(base64 -w0 <"$1/$4.key")
contexts:
- name: local
  context: {cluster: local, user: $4}
current-context: local
YAML
    chmod 600 "$2"
}
