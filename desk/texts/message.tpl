{{%AUTOESCAPE context="HTML"}}<article class="message" data-id="{{ID}}" data-user="{{USER}}">
<p class="crumb"><a id="back" href="{{LIST_PATH}}">{{T_back_to_list}}</a></p>
<header class="message-head">
<h1 class="subject-full"><bdi>{{SUBJECT}}</bdi></h1>
{{#SUBJECT_FULL}}<details class="more"><summary>{{T_whole_subject}}</summary><p class="wrap"><bdi>{{SUBJECT_FULL}}</bdi></p></details>{{/SUBJECT_FULL}}
<p class="badges"><span class="badge badge-{{STATE}}">{{STATE_TEXT}}</span>{{#TAGS}} <span class="tag">{{TAG}}</span>{{/TAGS}}</p>
{{#GONE}}<p id="gone">{{T_gone_text}}</p>{{/GONE}}
{{#KEPT}}<dl class="facts">
<div><dt>{{T_from}}</dt><dd><bdi>{{FROM}}</bdi></dd></div>
<div><dt>{{T_to}}</dt><dd><bdi>{{TO}}</bdi></dd></div>
{{#MAILBOX}}<div><dt>{{T_mailbox}}</dt><dd><bdi>{{MAILBOX}}</bdi></dd></div>{{/MAILBOX}}
<div><dt>{{T_held_since}}</dt><dd><time datetime="{{TIME}}">{{TIME_FULL}}</time> ({{TIME_TEXT}})</dd></div>
{{#UNTIL_TEXT}}<div><dt>{{T_until}}</dt><dd>{{UNTIL_TEXT}}</dd></div>{{/UNTIL_TEXT}}
<div><dt>{{T_size}}</dt><dd>{{SIZE}}</dd></div>
</dl>{{/KEPT}}
</header>
<div class="columns">
<div class="reading">
{{#KEPT}}<section id="why" class="card" aria-labelledby="why-title">
<h2 id="why-title">{{T_why_title}}</h2>
<p class="sentence">{{WHY_TEXT}}</p>
{{#RULE_TEXT}}<p class="code">{{T_rule}}: <code>{{RULE_TEXT}}</code></p>{{/RULE_TEXT}}
{{#REASON}}<p>{{T_why_rule_said}} <q><bdi>{{REASON}}</bdi></q></p>{{/REASON}}
{{#REQUESTED_TEXT}}<p class="request"><bdi>{{REQUESTED_TEXT}}</bdi></p>{{/REQUESTED_TEXT}}
{{#SCAN_TEXT}}<p>{{SCAN_TEXT}}</p>{{/SCAN_TEXT}}
{{#CLASS_TEXTS}}<p>{{CLASS_TEXT}}</p>{{/CLASS_TEXTS}}
{{#APPROVALS}}<p class="approvals">{{APPROVALS}}</p>{{/APPROVALS}}
</section>
<section id="uninspectable" class="card" aria-labelledby="uninspectable-title">
<h2 id="uninspectable-title">{{T_uninspectable_title}}</h2>
{{#NOTHING_UNINSPECTABLE}}<p>{{T_uninspectable_none}}</p>{{/NOTHING_UNINSPECTABLE}}
{{#UNINSPECTABLE}}
<div class="finding">
<h3><bdi>{{PART_TITLE}}</bdi></h3>
<p>{{MEANS}}</p>
<p class="todo">{{TODO}}</p>
<p class="code">{{T_code}} <code>{{CODE}}</code></p>
</div>
{{/UNINSPECTABLE}}
{{#ODD}}
<div class="finding">
<h3>{{ODD_TITLE}}</h3>
<p><bdi>{{ODD_TEXT}}</bdi></p>
{{#ODD_REMEDY}}<p class="todo"><bdi>{{ODD_REMEDY}}</bdi></p>{{/ODD_REMEDY}}
</div>
{{/ODD}}
{{#DROPPED_TEXT}}<p class="hint">{{DROPPED_TEXT}}</p>{{/DROPPED_TEXT}}
</section>
<section id="signature" class="card" aria-labelledby="signature-title">
<h2 id="signature-title">{{T_signature_title}}</h2>
<p class="sentence"><span class="badge badge-{{SIGNATURE_LOOK}}">{{SIGNATURE_BADGE}}</span> {{SIGNATURE_TEXT}}</p>
{{#SIGNERS}}
<dl class="facts signer">
<div><dt>{{T_signer}}</dt><dd><bdi>{{SIGNER}}</bdi></dd></div>
{{#SIGNER_EMAIL}}<div><dt>{{T_signer_email}}</dt><dd><bdi>{{SIGNER_EMAIL}}</bdi></dd></div>{{/SIGNER_EMAIL}}
{{#ISSUER}}<div><dt>{{T_issuer}}</dt><dd><bdi>{{ISSUER}}</bdi></dd></div>{{/ISSUER}}
{{#SERIAL}}<div><dt>{{T_serial}}</dt><dd><code>{{SERIAL}}</code></dd></div>{{/SERIAL}}
{{#SIGNED_AT}}<div><dt>{{T_signed_at}}</dt><dd>{{SIGNED_AT}}</dd></div>{{/SIGNED_AT}}
{{#CHECKED_AT}}<div><dt>{{T_checked_at}}</dt><dd>{{CHECKED_AT}}</dd></div>{{/CHECKED_AT}}
{{#DIGEST}}<div><dt>{{T_digest}}</dt><dd><code>{{DIGEST}}</code></dd></div>{{/DIGEST}}
{{#CERT_SHA256}}<div><dt>{{T_cert_sha256}}</dt><dd><code class="wrap">{{CERT_SHA256}}</code></dd></div>{{/CERT_SHA256}}
</dl>
{{/SIGNERS}}
{{#SIGNATURE_ERRORS}}
<div class="finding">
<p><bdi>{{ERROR_TEXT}}</bdi></p>
{{#ERROR_REMEDY}}<p class="todo"><bdi>{{ERROR_REMEDY}}</bdi></p>{{/ERROR_REMEDY}}
<p class="code">{{T_code}} <code>{{CODE}}</code></p>
</div>
{{/SIGNATURE_ERRORS}}
</section>
<section id="encryption" class="card" aria-labelledby="encryption-title">
<h2 id="encryption-title">{{T_encryption_title}}</h2>
<p class="sentence">{{ENCRYPTION_TEXT}}</p>
{{#HAS_RECIPIENTS}}
<div class="scroll" tabindex="0" role="region" aria-labelledby="recipients-caption">
<table class="data">
<caption id="recipients-caption">{{RECIPIENTS_CAPTION}}</caption>
<thead><tr><th scope="col">{{T_issuer}}</th><th scope="col">{{T_serial_or_key}}</th><th scope="col">{{T_key_encryption}}</th></tr></thead>
<tbody>
{{#RECIPIENTS}}<tr><td><bdi>{{ISSUER}}</bdi></td><td><code>{{SERIAL_OR_KEY}}</code></td><td>{{KEY_ENCRYPTION}}</td></tr>
{{/RECIPIENTS}}
</tbody>
</table>
</div>
{{/HAS_RECIPIENTS}}
{{#HAS_LAYERS}}
<h3>{{T_layers_title}}</h3>
<ol class="layers">
{{#LAYERS}}<li><code>{{LAYER_TYPE}}</code>{{#LAYER_SMIME}} <code>{{LAYER_SMIME}}</code>{{/LAYER_SMIME}} <span class="hint">{{T_part}} <code>{{LAYER_PATH}}</code></span></li>
{{/LAYERS}}
</ol>
{{/HAS_LAYERS}}
</section>
<section id="text" class="card" aria-labelledby="text-title">
<h2 id="text-title">{{T_text_title}}</h2>
<p class="hint">{{T_text_hint}}</p>
{{#NO_TEXTS}}<p>{{T_text_none}}</p>{{/NO_TEXTS}}
{{#PARTS_FAILED}}<div class="alert" role="note"><p>{{PARTS_FAILED}}</p></div>{{/PARTS_FAILED}}
{{#TEXTS}}
<h3>{{T_part}} <code>{{PART_PATH}}</code> <bdi>{{PART_NAME}}</bdi></h3>
<pre class="part-text" dir="auto" tabindex="0" aria-label="{{TEXT_LABEL}}">{{TEXT:p}}</pre>
{{#TEXT_CUT}}<p class="hint">{{T_text_cut}}</p>{{/TEXT_CUT}}
{{/TEXTS}}
{{#HTMLS}}
<h3>{{T_html_title}} <code>{{PART_PATH}}</code></h3>
<iframe class="html-part" sandbox title="{{T_html_title}}" referrerpolicy="no-referrer" src="{{HTML_URL}}"></iframe>
{{/HTMLS}}
</section>
<section id="parts" class="card" aria-labelledby="parts-title">
<h2 id="parts-title">{{T_parts_title}}</h2>
{{#NO_PARTS}}<p>{{T_parts_none}}</p>{{/NO_PARTS}}
{{#HAS_PARTS}}
<div class="scroll" tabindex="0" role="region" aria-labelledby="parts-caption">
<table class="data">
<caption id="parts-caption">{{PARTS_CAPTION}}</caption>
<thead><tr><th scope="col">{{T_part}}</th><th scope="col">{{T_type}}</th><th scope="col">{{T_name}}</th><th scope="col" class="num">{{T_size}}</th><th scope="col">{{T_state}}</th><th scope="col">SHA-256</th></tr></thead>
<tbody>
{{#PARTS}}<tr><td><code>{{PART_PATH}}</code></td><td><bdi>{{PART_TYPE}}</bdi></td><td><bdi>{{PART_NAME}}</bdi></td><td class="num">{{PART_SIZE}}</td><td>{{PART_STATE}}</td><td><code class="digest">{{PART_SHA256}}</code></td></tr>
{{/PARTS}}
</tbody>
</table>
</div>
{{/HAS_PARTS}}
</section>
<section id="headers" class="card" aria-labelledby="headers-title">
<h2 id="headers-title">{{T_headers_title}}</h2>
<details class="more"><summary>{{HEADERS_SUMMARY}}</summary>
<dl class="headers">
{{#HEADERS}}<div><dt><bdi>{{HEADER_NAME}}</bdi></dt><dd><bdi>{{HEADER_VALUE}}</bdi></dd></div>
{{/HEADERS}}
</dl>
</details>
</section>{{/KEPT}}
{{#REVIEWER}}
<section id="history" class="card" aria-labelledby="history-title">
<h2 id="history-title">{{T_history_title}}</h2>
{{#NO_HISTORY}}<p>{{T_history_none}}</p>{{/NO_HISTORY}}
<ol class="history">
{{#HISTORY}}<li><time datetime="{{WHEN}}">{{WHEN_TEXT}}</time> <span class="badge badge-{{HISTORY_STATE}}">{{HISTORY_TEXT}}</span> <bdi>{{HISTORY_WHO}}</bdi>{{#HISTORY_WHY}} <q><bdi>{{HISTORY_WHY}}</bdi></q>{{/HISTORY_WHY}}</li>
{{/HISTORY}}
</ol>
</section>
{{/REVIEWER}}
</div>
<aside class="acts" aria-labelledby="acts-title">
<h2 id="acts-title">{{T_acts_title}}</h2>
{{#NO_ACTS}}<p class="card">{{T_acts_none}}</p>{{/NO_ACTS}}
{{#ACTS}}
<form id="act" class="card stack" method="post" action="/act">
<input type="hidden" name="csrf" value="{{CSRF}}">
<input type="hidden" name="item" value="{{ITEM}}">
<input type="hidden" name="back" value="{{LIST_PATH}}">
<button type="submit" disabled hidden></button>
{{#CAN_DECIDE}}
<div class="field">
<label for="reason">{{T_reason}}</label>
<input id="reason" name="reason" type="text" maxlength="500"{{#CAN_REJECT}} aria-describedby="reason-hint"{{/CAN_REJECT}}>
{{#CAN_REJECT}}<span class="hint" id="reason-hint">{{T_reason_hint}}</span>{{/CAN_REJECT}}
</div>
{{/CAN_DECIDE}}
{{#CAN_RELEASE}}
<div class="act">
<h3>{{T_release_title}}</h3>
<p>{{RELEASE_MEANS}}</p>
{{#REVIEWER}}<details class="more"><summary>{{T_release_elsewhere}}</summary>
<div class="field"><label for="mailbox">{{T_release_mailbox}}</label><input id="mailbox" name="mailbox" type="text" maxlength="255" placeholder="{{MAILBOX}}"></div>
<label class="box line"><input type="checkbox" name="refilter" value="yes"> {{T_release_refilter}}</label>
</details>{{/REVIEWER}}
<button type="submit" name="act" value="release" class="primary">{{T_act_release}}</button>
</div>
{{/CAN_RELEASE}}
{{#CAN_REQUEST}}
<div class="act">
<h3>{{T_request_title}}</h3>
<p>{{T_request_means}}</p>
<button type="submit" name="act" value="request" class="primary">{{T_act_request}}</button>
</div>
{{/CAN_REQUEST}}
{{#CAN_REJECT}}
<div class="act">
<h3>{{T_reject_title}}</h3>
<p>{{T_reject_means}}</p>
<div class="field"><label for="text-reject">{{T_reject_text}}</label><textarea id="text-reject" name="text" rows="3" maxlength="4000"></textarea></div>
<button type="submit" name="act" value="reject">{{T_act_reject}}</button>
</div>
{{/CAN_REJECT}}
{{#CAN_HOLD}}
<div class="act">
<h3>{{T_hold_title}}</h3>
<p>{{T_hold_means}}</p>
<div class="pair"><label for="until">{{T_hold_for}}</label>
<select id="until" name="until">{{#UNTILS}}<option value="{{OPTION}}">{{OPTION_TEXT}}</option>{{/UNTILS}}</select>
<button type="submit" name="act" value="hold">{{T_act_hold}}</button></div>
</div>
{{/CAN_HOLD}}
{{#CAN_INSPECT}}
<div class="act">
<h3>{{T_inspect_title}}</h3>
<p>{{T_inspect_means}}</p>
<button type="submit" name="act" value="inspect">{{T_act_inspect}}</button>
</div>
{{/CAN_INSPECT}}
{{#CAN_DELETE}}
<div class="act">
<h3>{{T_delete_title}}</h3>
<p>{{T_delete_means}}</p>
<button type="submit" name="act" value="delete" class="danger">{{T_act_delete}}</button>
</div>
{{/CAN_DELETE}}
</form>
{{/ACTS}}
{{#CAN_DOWNLOAD}}
<div class="card stack">
<h3>{{T_download_title}}</h3>
<p>{{T_download_means}}</p>
<p><a class="button" id="download" href="{{ORIGINAL_URL}}" download>{{T_act_download}}</a></p>
</div>
{{/CAN_DOWNLOAD}}
{{#REVIEWER}}
<section id="notes" class="card stack" aria-labelledby="notes-title">
<h3 id="notes-title">{{T_notes_title}}</h3>
{{#NO_NOTES}}<p>{{T_notes_none}}</p>{{/NO_NOTES}}
<ul class="notes">
{{#NOTES}}<li><p class="wrap"><bdi>{{NOTE}}</bdi></p><p class="hint"><bdi>{{NOTE_WHO}}</bdi>, <time datetime="{{WHEN}}">{{WHEN_TEXT}}</time></p></li>
{{/NOTES}}
</ul>
{{#CAN_NOTE}}
<form id="note" class="stack" method="post" action="/act">
<input type="hidden" name="csrf" value="{{CSRF}}">
<input type="hidden" name="item" value="{{ITEM}}">
<input type="hidden" name="back" value="{{SELF}}">
<div class="field"><label for="note-text">{{T_note_text}}</label><textarea id="note-text" name="text" rows="2" maxlength="500" required></textarea></div>
<button type="submit" name="act" value="note">{{T_act_note}}</button>
</form>
{{/CAN_NOTE}}
</section>
{{/REVIEWER}}
</aside>
</div>
</article>
