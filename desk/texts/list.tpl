{{%AUTOESCAPE context="HTML"}}<div class="head-row">
<h1>{{LIST_TITLE}}</h1>
{{#WAITING_TEXT}}<p class="count" id="waiting">{{WAITING_TEXT}}</p>{{/WAITING_TEXT}}
</div>
<p class="lead">{{LIST_LEAD}}</p>
<form id="filter" class="filter card" method="get" action="{{LIST_PATH}}" role="search" aria-label="{{T_filter}}">
<div class="filter-main">
<div class="field grow">
<label for="q">{{T_filter_q}}</label>
<input id="q" name="q" type="search" value="{{Q}}" maxlength="200">
</div>
<div class="field">
<label for="state">{{T_filter_state}}</label>
<select id="state" name="state">
{{#STATES}}<option value="{{OPTION}}"{{#CHOSEN}} selected{{/CHOSEN}}>{{OPTION_TEXT}}</option>
{{/STATES}}
</select>
</div>
<div class="field">
<label for="age">{{T_filter_age}}</label>
<select id="age" name="age">
{{#AGES}}<option value="{{OPTION}}"{{#CHOSEN}} selected{{/CHOSEN}}>{{OPTION_TEXT}}</option>
{{/AGES}}
</select>
</div>
<button type="submit">{{T_filter_button}}</button>
</div>
<details class="more"{{#FILTER_OPEN}} open{{/FILTER_OPEN}}>
<summary>{{T_filter_more}}</summary>
<div class="filter-more">
<div class="field"><label for="from">{{T_from}}</label><input id="from" name="from" type="text" value="{{F_FROM}}" maxlength="200"></div>
<div class="field"><label for="to">{{T_to}}</label><input id="to" name="to" type="text" value="{{F_TO}}" maxlength="200"></div>
<div class="field"><label for="subject">{{T_subject}}</label><input id="subject" name="subject" type="text" value="{{F_SUBJECT}}" maxlength="200"></div>
<div class="field"><label for="reason-filter">{{T_why}}</label><input id="reason-filter" name="reason" type="text" value="{{F_REASON}}" maxlength="200"></div>
<div class="field"><label for="domain">{{T_domain}}</label><input id="domain" name="domain" type="text" value="{{F_DOMAIN}}" maxlength="200"></div>
<div class="field"><label for="rule">{{T_rule}}</label><input id="rule" name="rule" type="text" value="{{F_RULE}}" maxlength="200"></div>
<div class="field">
<label for="class">{{T_class}}</label>
<select id="class" name="class">
{{#CLASSES}}<option value="{{OPTION}}"{{#CHOSEN}} selected{{/CHOSEN}}>{{OPTION_TEXT}}</option>
{{/CLASSES}}
</select>
</div>
<div class="field">
<label for="sort">{{T_sort}}</label>
<select id="sort" name="sort">
{{#SORTS}}<option value="{{OPTION}}"{{#CHOSEN}} selected{{/CHOSEN}}>{{OPTION_TEXT}}</option>
{{/SORTS}}
</select>
</div>
</div>
</details>
{{#FILTERED}}<p class="reset"><a href="{{LIST_PATH}}">{{T_filter_reset}}</a></p>{{/FILTERED}}
</form>
{{#EMPTY}}
<div class="empty card">
<h2>{{EMPTY_TITLE}}</h2>
<p>{{EMPTY_TEXT}}</p>
</div>
{{/EMPTY}}
{{#ROWS}}
<form id="act" method="post" action="/act">
<input type="hidden" name="csrf" value="{{CSRF}}">
<input type="hidden" name="back" value="{{BACK}}">
<button type="submit" disabled hidden></button>
<table id="held" class="held">
<caption class="visually-hidden">{{LIST_CAPTION}}</caption>
<thead>
<tr>
<th scope="col" class="choose">{{#CHOICE}}<span class="visually-hidden">{{T_choose}}</span><label class="box" hidden><input type="checkbox" id="all"><span class="visually-hidden">{{T_choose_all}}</span></label>{{/CHOICE}}</th>
<th scope="col">{{T_message}}</th>
<th scope="col">{{T_why}}</th>
<th scope="col">{{T_state}}</th>
<th scope="col">{{T_held_since}}</th>
<th scope="col" class="num">{{T_size}}</th>
</tr>
</thead>
{{#GROUPS}}
<tbody>
{{#GROUP_TITLE}}<tr class="group"><th colspan="6" scope="colgroup"><h2>{{GROUP_TITLE}}</h2></th></tr>{{/GROUP_TITLE}}
{{#ITEMS}}
<tr data-id="{{ID}}" data-user="{{USER}}"{{#ASKED}} class="asked"{{/ASKED}}>
<td class="choose">{{#MAY_CHOOSE}}<label class="box"><input type="checkbox" name="item" value="{{ITEM}}"><span class="visually-hidden">{{T_choose_this}}: {{SUBJECT}}</span></label>{{/MAY_CHOOSE}}</td>
<td class="what">
<a class="subject" href="{{URL}}" title="{{SUBJECT_TITLE}}"><bdi>{{SUBJECT}}</bdi></a>
<span class="parties"><span class="label">{{T_from}}</span> <bdi title="{{FROM}}">{{FROM}}</bdi></span>
<span class="parties"><span class="label">{{T_to}}</span> <bdi title="{{TO}}">{{TO}}</bdi></span>
{{#REQUESTED_TEXT}}<span class="request"><bdi>{{REQUESTED_TEXT}}</bdi></span>{{/REQUESTED_TEXT}}
</td>
<td class="why"><span class="tags">{{#TAGS}}<span class="tag">{{TAG}}</span> {{/TAGS}}</span><bdi class="clip" title="{{REASON}}">{{REASON}}</bdi>{{#RULE}}<span class="rule">{{T_rule}} <bdi>{{RULE}}</bdi></span>{{/RULE}}</td>
<td class="state"><span class="badge badge-{{STATE}}">{{STATE_TEXT}}</span>{{#DONE_TEXT}}<span class="done"><bdi>{{DONE_TEXT}}</bdi></span>{{/DONE_TEXT}}</td>
<td class="when"><time datetime="{{TIME}}" title="{{TIME_FULL}}">{{TIME_TEXT}}</time>{{#UNTIL_TEXT}}<span class="until">{{UNTIL_TEXT}}</span>{{/UNTIL_TEXT}}</td>
<td class="num size">{{SIZE}}</td>
</tr>
{{/ITEMS}}
</tbody>
{{/GROUPS}}
</table>
{{#CHOICE}}
<fieldset class="bulk card">
<legend class="visually-hidden">{{T_bulk}}</legend>
<p class="hint" id="chosen" aria-live="polite" data-one="{{T_chosen_1}}" data-many="{{T_chosen_n}}"></p>
<div class="bulk-line">
<div class="pair grow">
<label for="reason">{{T_reason}}</label>
<input id="reason" name="reason" type="text" maxlength="500" {{#CAN_REJECT}} aria-describedby="reason-hint"{{/CAN_REJECT}}>
</div>
<div class="buttons">
{{#CAN_RELEASE}}<button type="submit" name="act" value="release" class="primary">{{T_act_release}}</button>{{/CAN_RELEASE}}
{{#CAN_REQUEST}}<button type="submit" name="act" value="request" class="primary">{{T_act_request}}</button>{{/CAN_REQUEST}}
{{#CAN_REJECT}}<button type="submit" name="act" value="reject">{{T_act_reject}}</button>{{/CAN_REJECT}}
{{#CAN_HOLD}}<span class="pair"><label for="until" class="visually-hidden">{{T_hold_for}}</label>
<select id="until" name="until">{{#UNTILS}}<option value="{{OPTION}}">{{OPTION_TEXT}}</option>{{/UNTILS}}</select>
<button type="submit" name="act" value="hold">{{T_act_hold}}</button></span>{{/CAN_HOLD}}
{{#CAN_DELETE}}<button type="submit" name="act" value="delete" class="danger">{{T_act_delete}}</button>{{/CAN_DELETE}}
</div>
</div>
{{#CAN_REJECT}}
<div class="bulk-line">
<p class="hint" id="reason-hint">{{T_reason_hint}}</p>
<details class="more"><summary>{{T_reject_text_open}}</summary>
<div class="field"><label for="text">{{T_reject_text}}</label><textarea id="text" name="text" rows="3" maxlength="4000"></textarea></div></details>
</div>
{{/CAN_REJECT}}
</fieldset>
{{/CHOICE}}
</form>
{{/ROWS}}
<nav class="pages" aria-label="{{T_pages}}">
{{#FIRST_URL}}<a rel="first" href="{{FIRST_URL}}">{{T_first_page}}</a>{{/FIRST_URL}}
{{#NEXT_URL}}<a rel="next" class="button" href="{{NEXT_URL}}">{{T_next_page}}</a>{{/NEXT_URL}}
</nav>
