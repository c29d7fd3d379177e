"""The shell of every page: one HTML template and one style sheet, inline, light and dark, fit for print."""

STYLE = """
:root{--ink:#1d2329;--soft:#5c6670;--faint:#8b949c;--rule:#dfe3e6;--paper:#fff;--panel:#f6f7f8;--accent:#1f6f8b;
--accent-soft:#1f6f8b59;--then:#b26b00;--passed:#1a7f4b;--overridden:#8a5a00;--warned:#8a5a00;--no_reference:#52606d;
--inconclusive:#8a5a00;--stopped:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8eb;--soft:#a3adb6;--faint:#77828c;--rule:#2d343a;--paper:#14181b;
--panel:#1b2024;--accent:#5fb3cf;--accent-soft:#5fb3cf59;--then:#e0a458;--passed:#5cc48d;--overridden:#e0b050;
--warned:#e0b050;
--no_reference:#a3adb6;--inconclusive:#e0b050;--stopped:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:70rem;margin:0 auto;padding:2.25rem 1.5rem 4rem}
header{border-bottom:1px solid var(--rule);padding-bottom:1.1rem;margin-bottom:.4rem}
.head{display:flex;gap:1rem;align-items:center;flex-wrap:wrap}
h1{font-size:1.6rem;line-height:1.2;margin:0;font-weight:650;letter-spacing:-.012em;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:2rem 0 .4rem;font-weight:650;letter-spacing:-.005em}
.subtitle{color:var(--soft);margin:.35rem 0 0;max-width:52rem}
p{margin:.3rem 0 .7rem;max-width:52rem}.lead{font-size:1.15rem;line-height:1.45;font-weight:550;margin:1rem 0}
.note{color:var(--soft);font-size:.9rem}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{background:var(--panel);border:1px solid var(--rule);border-radius:6px;padding:.6rem .8rem;margin:.5rem 0;
white-space:pre-wrap;overflow-wrap:anywhere;font:.84em/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.badge{display:inline-block;font-size:.76rem;font-weight:600;line-height:1.55;padding:0 .5rem;border-radius:1rem;
border:1px solid currentColor;white-space:nowrap}
h1+.badge{font-size:.88rem;padding:.05rem .7rem}
.passed{color:var(--passed)}.overridden{color:var(--overridden)}.warned{color:var(--warned)}
.no_reference{color:var(--no_reference)}
.inconclusive{color:var(--inconclusive)}.stopped{color:var(--stopped)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.6rem,1fr));gap:.9rem 1.2rem;margin:.9rem 0}
dt{color:var(--soft);font-size:.8rem}dd{margin:0;font-size:1.02rem;font-weight:550;font-variant-numeric:tabular-nums;
overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:.5rem 0 .8rem}
table{border-collapse:collapse;min-width:min(100%,36rem);font-size:.9rem}
caption{text-align:left;color:var(--soft);font-size:.85rem;padding-bottom:.25rem}
th{font-weight:550;color:var(--soft);text-align:left;font-size:.8rem;white-space:nowrap;vertical-align:bottom}
th,td{padding:.3rem 1.3rem .3rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
th:last-child,td:last-child{padding-right:0}
td{overflow-wrap:break-word}td:last-child{min-width:12rem}.narrow td:last-child{min-width:0}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.bar{display:flex;align-items:center;gap:.5rem;min-width:9rem}
.bar i{flex:1;height:.5rem;background:var(--panel);border-radius:2px;overflow:hidden}
.bar i b{display:block;height:100%;background:var(--accent)}.bar.low i b{background:var(--then)}
.bar span{font-variant-numeric:tabular-nums;min-width:3.6em;text-align:right}
.shade{display:block;padding:0 .45rem;border-radius:3px;white-space:nowrap;font-variant-numeric:tabular-nums;
background:color-mix(in srgb,var(--tone) var(--depth),transparent)}
.shade.bad{--tone:var(--stopped)}.shade.known{--tone:var(--then)}.shade.plain{--tone:var(--faint)}
.narrow{min-width:0}.narrow th,.narrow td{padding-right:.6rem}.narrow td:first-child{overflow-wrap:anywhere}
.notices{list-style:none;margin:.5rem 0;padding:0;max-width:60rem}
.notices li{display:flex;gap:.8rem;align-items:baseline;padding:.3rem 0;border-bottom:1px solid var(--rule);
break-inside:avoid}
.notices .shade{font-size:.8rem;flex:0 0 4.2rem;text-align:center}.notices div{min-width:0;overflow-wrap:anywhere}
.notices small{display:block;color:var(--soft);font-size:.85em}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(var(--width),100%),1fr));gap:1.1rem 1.6rem;
margin:.6rem 0}
.found .badge{flex:0 0 6.4rem;text-align:center}
.card{border:1px solid var(--rule);border-left:3px solid var(--faint);border-radius:6px;padding:.7rem 1rem .6rem;
margin:.8rem 0;break-inside:avoid}
.card.stopped{border-left-color:var(--stopped);color:inherit}
.card.inconclusive{border-left-color:var(--inconclusive);color:inherit}.card dl{margin:.6rem 0;
grid-template-columns:repeat(auto-fit,minmax(7rem,1fr))}.card .notices{max-width:none;margin:.2rem 0}
.card li:last-child{border:0}
.card.stopped .found .stopped,.card.inconclusive .found .inconclusive{display:none}

h3{display:flex;gap:.7rem;align-items:baseline;flex-wrap:wrap;font-size:1rem;font-weight:600;margin:0 0 .3rem}
h3 span{min-width:0;overflow-wrap:anywhere}
details{border-bottom:1px solid var(--rule);padding:.1rem 0}
summary{cursor:pointer;display:flex;gap:.7rem;align-items:baseline;flex-wrap:wrap;padding:.4rem 0;list-style:none}
summary::before{content:"▸";color:var(--faint)}details[open]>summary::before{content:"▾"}
summary::-webkit-details-marker{display:none}summary b{font-weight:550;overflow-wrap:anywhere}
summary small{color:var(--soft);font-size:.85em}summary .badge{flex:0 0 6.4rem;text-align:center}
.search{position:sticky;top:0;background:var(--paper);padding:.6rem 0;margin:0;max-width:none;z-index:1;display:flex;
gap:1rem;align-items:center}.search[hidden]{display:none}.search span{color:var(--soft);font-size:.85rem}
.search input{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--rule);border-radius:6px;
padding:.45rem .7rem;width:min(100%,28rem)}.search input:focus{outline:2px solid var(--accent);outline-offset:1px}
figure{margin:0;min-width:0;break-inside:avoid}figure svg{display:block;width:100%;height:auto}
figcaption{font-size:.84rem;line-height:1.35;overflow-wrap:anywhere}
figcaption small{display:block;color:var(--soft);font-size:.95em}
footer{margin-top:2.5rem;border-top:1px solid var(--rule);padding-top:.7rem;color:var(--faint);font-size:.8rem;
overflow-wrap:anywhere}
@media (max-width:40rem){.found li{display:block}.found .badge{margin-bottom:.15rem}
summary .badge{flex-basis:auto}.card{padding:.6rem .7rem}
main{padding:1.2rem 1rem 3rem}h1{font-size:1.3rem}}
@media print{:root{--ink:#000;--soft:#444;--faint:#666;--rule:#ccc;--paper:#fff;--panel:#f6f6f6;--accent:#1f6f8b;
--then:#b26b00}main{max-width:none;padding:0}.scroll{overflow:visible}tr{break-inside:avoid}h2{break-after:avoid}
details::details-content{content-visibility:visible;block-size:auto;overflow:visible}summary::before{content:none!important}
details.screen *{display:none}details.screen::after{content:"on screen only";color:var(--faint);font-size:.8rem}
body{font-size:10.5pt}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""

# Hides what has not all the words that are typed; where scripts are off, nothing is hidden, and no box is shown.
SCRIPT = """
const box=document.querySelector('.search'),input=box.querySelector('input'),told=box.querySelector('span');
const folds=[...document.querySelectorAll('main details')].map(at=>[at,at.textContent.toLowerCase()]);
box.hidden=false;
input.addEventListener('input',()=>{
const words=input.value.toLowerCase().split(/\\s+/).filter(Boolean);let shown=0;
for(const [at,text] of folds){at.hidden=!words.every(word=>text.includes(word));shown+=at.hidden?0:1}
for(const part of document.querySelectorAll('main section')){const own=[...part.querySelectorAll('details')];
part.hidden=own.length>0&&own.every(at=>at.hidden)}
told.textContent=words.length?shown+' of '+folds.length:''});
"""

TEMPLATE = """
{%- macro badge(outcome, scope="") -%}
<span class="badge {{ outcome.value }}">{{ outcome|word }}{{ " " ~ scope if scope }}</span>
{%- endmacro -%}
{%- macro cell(value) -%}
{%- if value|kind == "outcome" -%}{{ badge(value) }}
{%- elif value|kind == "bar" -%}<span class="bar{{ ' low' if value.is_low }}"><i><b style="width:{{ value.percent }}%">
</b></i><span>{{ value.text }}</span></span>
{%- elif value|kind == "shade" -%}<span class="shade {{ value.tone }}" style="--depth:{{ value.percent }}%">
{{- value.text }}</span>
{%- elif value|kind == "code" -%}<code>{{ value.text }}</code>
{%- else -%}{{ value|written }}{%- endif -%}
{%- endmacro -%}
{%- macro figure(each) -%}<figure>{% if each.caption %}<figcaption>{{ each.caption }}
{%- if each.note %}<small>{{ each.note }}</small>{% endif %}</figcaption>{% endif %}{{ each.svg|safe }}</figure>
{%- endmacro -%}
{%- macro shown(block) -%}
{% if block|kind == "facts" %}
<dl>{% for name, value in block.items %}<div><dt>{{ name }}</dt><dd>{{ cell(value) }}</dd></div>{% endfor %}</dl>
{% elif block|kind == "table" %}
<div class="scroll"><table{% if block.is_narrow %} class="narrow"{% endif %}>
{%- if block.caption %}<caption>{{ block.caption }}</caption>{% endif %}
<thead><tr>{% for name in block.columns %}
<th scope="col"{% if block.is_number(loop.index0) %} class="number"{% endif %}>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in block.rows %}
<tr>{% for value in row %}<td{% if block.is_number(loop.index0) %} class="number"{% endif %}>{{ cell(value) }}</td>
{%- endfor %}</tr>{% endfor %}
</tbody></table></div>
{% elif block|kind == "notices" %}
<ul class="notices">{% for each in block.items %}
<li>{{ cell(each.word) }}<div>{{ each.text }}{% if each.remark %}<small>{{ each.remark }}</small>{% endif %}</div></li>
{%- endfor %}</ul>
{% elif block|kind == "findings" %}
<ul class="notices found">{% for each in block.items %}
<li>{{ badge(each.outcome) }}<div>{{ each.text }}
{%- if each.remark %}<small>{{ each.remark }}</small>{% endif %}</div></li>
{%- endfor %}</ul>
{% elif block|kind == "card" %}
<article class="card {{ block.outcome.value }}"><h3>{{ badge(block.outcome) }}<span>{{ block.title }}</span></h3>
{% for each in block.blocks %}{{ shown(each) }}{% endfor %}
</article>
{% elif block|kind == "fold" %}
<details{% if not block.is_on_paper %} class="screen"{% endif %}><summary>
{%- if block.outcome %}{{ badge(block.outcome) }}{% endif %}<b>{{ block.summary }}</b>
{%- if block.remark %}<small>{{ block.remark }}</small>{% endif %}</summary>
{% for each in block.blocks %}{{ shown(each) }}{% endfor %}
</details>
{% elif block|kind == "gallery" %}
<div class="gallery" style="--width:{{ block.width_rem }}rem">{% for each in block.figures %}{{ figure(each) }}
{% endfor %}</div>
{% elif block|kind == "search" %}
<p class="search" hidden><input type="search" aria-label="{{ block.words }}" placeholder="{{ block.words }}">
<span role="status"></span></p>
{% elif block|kind == "code" %}<pre>{{ block.text }}</pre>
{% elif block|kind == "lead" %}<p class="lead">{{ block.text }}</p>
{% elif block|kind == "note" %}<p class="note">{{ block.text }}</p>
{% else %}<p>{{ block }}</p>
{% endif %}
{%- endmacro -%}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'{{ allowed }}">
<title>{{ page.title }}</title>
<style>{{ style|safe }}</style>
</head>
<body>
<main>
<header>
<div class="head"><h1>{{ page.title }}</h1>{% if page.outcome %}{{ badge(page.outcome, page.scope) }}{% endif %}</div>
{% if page.subtitle %}<p class="subtitle">{{ page.subtitle }}</p>{% endif %}
</header>
{% for section in page.sections %}
<section>
{% if section.title %}<h2>{{ section.title }}</h2>{% endif %}
{% for block in section.blocks %}{{ shown(block) }}{% endfor %}
</section>
{% endfor %}
{% if page.footer %}<footer>{{ page.footer }}</footer>{% endif %}
</main>
{% if page.is_searched %}<script>{{ script|safe }}</script>
{% endif -%}
</body>
</html>
"""
