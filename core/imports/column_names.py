"""What columns are called in the languages that files come in."""

from __future__ import annotations

import re
import unicodedata

# the names of columns with mobile numbers are made of these words
MOBILE_WORDS = frozenset(
    {
        *("mobile", "mobil", "mobiles", "handy", "handynummer", "mobilnummer", "mobiltelefon"),
        *("mobiltelefonnummer", "mobilenumber", "mobilephone", "movil", "celular", "cellulare"),
        *("cellphone", "cell", "cellular", "portable", "gsm", "sms", "msisdn", "whatsapp"),
        *("mobiel", "telemovel", "komorka", "komorkowy", "matkapuhelin", "mobilni"),
    }
)
PHONE_WORDS = frozenset(
    {
        *("phone", "phones", "telephone", "telefon", "telefonnummer", "tel", "telefono"),
        *("telefone", "telefoon", "telefoonnummer", "rufnummer", "phonenumber", "telf", "puhelin"),
        *("tlf",),
    }
)
NUMBER_WORDS = frozenset(
    {"number", "numbers", "numero", "numeros", "nummer", "numer", "num", "no", "nr"}
)
# words that may stand beside those without changing what the column holds
BESIDE = frozenset(
    {
        *("de", "du", "di", "da", "do", "of", "the", "value", "contact", "primary", "main"),
        *("home", "work", "business", "default", "address", "customer", "personal", "perso"),
        *("pro", "prive", "privat", "private", "e164", "international", "number", "numbers"),
        *("numero", "nummer", "num", "no", "nr", "n", "1", "2", "3"),
    }
)
MOBILE_RANK, PHONE_RANK, NUMBER_RANK = 0, 1, 2

WORDS: dict[str, tuple[str, ...]] = {
    "first_name": (
        *("first_name", "firstname", "given_name", "givenname", "forename", "prenom", "vorname"),
        *("nombre", "nome", "voornaam", "first", "prenoms", "imie", "fornavn", "fornamn"),
        *("primeiro_nome", "nombre_de_pila", "etunimi"),
    ),
    "last_name": (
        *("last_name", "lastname", "surname", "family_name", "familyname", "nom_de_famille"),
        *("nachname", "familienname", "apellido", "apellidos", "cognome", "achternaam", "last"),
        *("sobrenome", "apelido", "nazwisko", "efternavn", "efternamn", "etternavn", "sukunimi"),
    ),
    "email": (
        *("email", "e_mail", "mail", "courriel", "email_address", "correo", "adresse_e_mail"),
        *("adresse_email", "e_mail_address", "correo_electronico", "e_mail_1_value"),
        *("e_mail_adresse", "adresse_mail"),
    ),
    "company": (
        *("company", "societe", "entreprise", "firma", "empresa", "azienda", "company_name"),
        *("organization", "organisation", "bedrijf", "unternehmen", "organization_name"),
        *("default_address_company",),
    ),
    "city": (
        *("city", "town", "ville", "stadt", "ort", "ciudad", "citta", "cidade", "plaats"),
        *("wohnort", "default_address_city", "miasto"),
    ),
    "country": (
        *("country", "pays", "land", "pais", "paese", "country_code", "country_region"),
        *("default_address_country_code", "default_address_country", "code_pays", "kraj"),
        *("country_iso", "iso_country", "landeskurzel"),
    ),
    "locale": (
        *("locale", "language", "langue", "sprache", "idioma", "lingua", "taal"),
        *("preferred_language", "preferred_locale"),
    ),
    "timezone": (
        *("timezone", "time_zone", "fuseau_horaire", "zeitzone", "zona_horaria"),
        *("preferred_timezone", "fuso_orario"),
    ),
    "tags": ("tags", "tag", "labels", "etiquettes", "etiquetas", "schlagworte", "etichette"),
    "name": (
        *("name", "full_name", "fullname", "display_name", "contact_name", "customer_name"),
        *("nom_complet", "nom_et_prenom", "nom_prenom", "prenom_et_nom", "prenom_nom", "contact"),
        *("vollstandiger_name", "nombre_completo", "nombre_y_apellidos", "nome_completo"),
        *("nome_e_cognome", "naam", "volledige_naam", "nom", "kunde", "client"),
    ),
    "dialling_code": (
        *("dialling_code", "dialing_code", "dial_code", "calling_code", "country_code", "prefix"),
        *("country_calling_code", "phone_country_code", "mobile_country_code", "indicatif"),
        *("indicatif_pays", "vorwahl", "landesvorwahl", "landervorwahl", "prefijo", "prefisso"),
        *("isd_code", "phone_code", "phone_prefix", "code_pays", "country_prefix"),
    ),
    # what columns about consent are called is in consent.json; these are for --map
    "do_not_contact": ("do_not_contact", "dnc", "opt_out", "unsubscribed"),
    "consent": ("consent", "may_be_texted", "opt_in"),
}
# a name where there is a column of first names and none of last names
SURNAME_BESIDE_FIRST = frozenset({"name", "nom", "naam"})


def plain(column: str) -> str:
    """Lower-case ASCII words joined by _: `Numéro de téléphone` → numero_de_telephone."""
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", column)  # mobileNumber
    bare = unicodedata.normalize("NFKD", spaced.lower())
    return re.sub(
        r"[^a-z0-9]+", "_", "".join(c for c in bare if not unicodedata.combining(c))
    ).strip("_")


def number_rank(column: str) -> int | None:
    """How sure the name of a column says mobile numbers: 0 is mobile, 1 phone, 2 number."""
    words = {re.sub(r"(?<=[a-z]{2})\d$", "", word) for word in plain(column).split("_")}
    if words & NUMBER_WORDS and words <= NUMBER_WORDS | {"contact"}:
        return NUMBER_RANK
    if not words <= MOBILE_WORDS | PHONE_WORDS | BESIDE:
        return None
    ranked = ((MOBILE_WORDS, MOBILE_RANK), (PHONE_WORDS, PHONE_RANK))
    return next((rank for known, rank in ranked if words & known), None)
