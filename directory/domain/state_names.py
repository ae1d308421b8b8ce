"""How states, territories, military regions and foreign countries are written by searchers."""

from typing import Final

STATE_NAMES: Final[dict[str, str]] = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California",
    "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia",
    "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
    "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota",
    "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
    "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York",
    "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon",
    "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
    "AS": "American Samoa", "GU": "Guam", "MP": "Northern Mariana Islands", "PR": "Puerto Rico",
    "VI": "US Virgin Islands", "FM": "Federated States of Micronesia", "MH": "Marshall Islands",
    "PW": "Palau",
}  # fmt: skip

# The Postal Service's regions for military and diplomatic mail; they are not places on a map.
MILITARY: Final[dict[str, str]] = {
    "AA": "Armed Forces Americas",
    "AE": "Armed Forces Europe, Middle East, Africa and Canada",
    "AP": "Armed Forces Pacific",
}

# Older and informal abbreviations; the two-letter codes and full names are added below.
_SPELLINGS: Final[dict[str, str]] = {
    "AL": "ala", "AZ": "ariz", "AR": "ark", "CA": "calif cal", "CO": "colo", "CT": "conn",
    "DE": "del", "DC": "columbiadistrict districtcolumbia", "FL": "fla", "ID": "ida", "IL": "ill",
    "IN": "ind", "KS": "kan kans", "KY": "kent", "MA": "mass", "MI": "mich", "MN": "minn",
    "MS": "miss", "MO": "missou", "MT": "mont", "NE": "neb nebr", "NV": "nev", "NH": "nhamp",
    "NJ": "njersey", "NM": "nmex newmex", "NY": "nyork nystate newyorkstate",
    "NC": "ncar ncarolina nocarolina", "ND": "ndak ndakota nodakota", "OK": "okla",
    "OR": "ore oreg", "PA": "penn penna pennsy", "RI": "risland",
    "SC": "scar scarolina socarolina", "SD": "sdak sdakota sodakota", "TN": "tenn", "TX": "tex",
    "VA": "virg", "WA": "wash washingtonstate", "WV": "wva wvirginia westva", "WI": "wis wisc",
    "WY": "wyo", "MP": "cnmi northernmarianas", "VI": "usvi virginislands",
    "FM": "micronesia", "PR": "puertorico",
}  # fmt: skip

# Names in Spanish where they are not the English ones.
_IN_SPANISH: Final[dict[str, str]] = {
    "DC": "distritodecolumbia", "LA": "luisiana", "MI": "míchigan", "MS": "misisipi misisipí",
    "MO": "misuri", "NH": "nuevohampshire nuevahampshire", "NJ": "nuevajersey nuevajérsey",
    "NM": "nuevoméxico nuevomexico nuevoméjico nuevomejico", "NY": "nuevayork",
    "NC": "carolinadelnorte", "ND": "dakotadelnorte", "PA": "pensilvania",
    "SC": "carolinadelsur", "SD": "dakotadelsur", "TN": "tenesí tenesi", "TX": "tejas",
    "WV": "virginiaoccidental", "AS": "samoaamericana", "MP": "islasmarianasdelnorte",
    "VI": "islasvírgenes islasvirgenes",
}  # fmt: skip

COUNTRY_TAILS: Final = frozenset(
    {"us", "usa", "unitedstates", "unitedstatesofamerica", "america", "estadosunidos"}
)


def _squeeze(text: str) -> str:
    return "".join(text.lower().split())


def _spellings() -> dict[str, str]:
    found = {_squeeze(name): code for code, name in STATE_NAMES.items()}
    for spellings in (_SPELLINGS, _IN_SPANISH):
        for code, words in spellings.items():
            found.update(dict.fromkeys(words.split(), code))
    found.update({code.lower(): code for code in STATE_NAMES})
    found.update({f"{_squeeze(name)}state": code for code, name in STATE_NAMES.items()})
    return found


STATE_SPELLINGS: Final[dict[str, str]] = _spellings()
LONGEST_STATE_WORDS: Final = 4

# Canadian provinces by name and code: none of the codes is also a state's.
_PROVINCES: Final = (
    "alberta ab,british columbia bc,manitoba mb,new brunswick nb,newfoundland nl,labrador,"
    "newfoundland and labrador,nova scotia ns,northwest territories nt,nunavut nu,ontario,on,"
    "prince edward island,pei,quebec qc,saskatchewan sk,yukon yt"
)
_COUNTRIES: Final = (
    "afghanistan,albania,algeria,andorra,angola,argentina,armenia,aruba,australia,austria,"
    "azerbaijan,bahamas,the bahamas,bahrain,bangladesh,barbados,belarus,belgium,belize,benin,"
    "bermuda,bhutan,bolivia,bosnia,botswana,brazil,brasil,britain,great britain,brunei,bulgaria,"
    "burkina faso,burma,burundi,cambodia,cameroon,canada,cape verde,cayman islands,chad,chile,"
    "china,colombia,congo,costa rica,croatia,cuba,curacao,cyprus,czechia,czech republic,denmark,"
    "dominica,dominican republic,ecuador,egypt,el salvador,england,eritrea,estonia,ethiopia,fiji,"
    "finland,france,gabon,gambia,germany,deutschland,ghana,greece,greenland,grenada,guatemala,"
    "guinea,guyana,haiti,honduras,hong kong,hungary,iceland,india,indonesia,iran,iraq,ireland,"
    "israel,italy,italia,ivory coast,jamaica,japan,jordan,kazakhstan,kenya,korea,south korea,"
    "north korea,kosovo,kuwait,kyrgyzstan,laos,latvia,lebanon,lesotho,liberia,libya,liechtenstein,"
    "lithuania,luxembourg,macau,madagascar,malawi,malaysia,maldives,mali,malta,mauritania,"
    "mauritius,mexico,moldova,monaco,mongolia,montenegro,morocco,mozambique,myanmar,namibia,nepal,"
    "netherlands,the netherlands,holland,new zealand,nicaragua,niger,nigeria,northern ireland,"
    "norway,oman,pakistan,palestine,panama,papua new guinea,paraguay,peru,philippines,poland,"
    "portugal,qatar,romania,russia,rwanda,samoa,saudi arabia,scotland,senegal,serbia,seychelles,"
    "sierra leone,singapore,slovakia,slovenia,somalia,south africa,south sudan,spain,espana,"
    "sri lanka,sudan,suriname,sweden,switzerland,syria,taiwan,tajikistan,tanzania,thailand,tibet,"
    "togo,tonga,trinidad,trinidad and tobago,tunisia,turkey,turkiye,turkmenistan,uganda,uk,ukraine,"
    "united arab emirates,uae,united kingdom,uruguay,uzbekistan,vatican,venezuela,vietnam,viet nam,"
    "wales,yemen,zambia,zimbabwe"
)


def _foreign() -> frozenset[str]:
    found = {_squeeze(name) for name in f"{_COUNTRIES},{_PROVINCES}".split(",")}
    for province in _PROVINCES.split(","):
        name, _, code = province.rpartition(" ")
        if len(code) == 2 and name:
            found.update({_squeeze(name), code})
    return frozenset(found)


# "Georgia" is left out: in this directory it is the state.
FOREIGN: Final = _foreign()
LONGEST_FOREIGN_WORDS: Final = 4
# Bare codes that are also ordinary English words count only after a comma ("Toronto, ON").
FOREIGN_ONLY_AFTER_COMMA: Final = frozenset({"on"})
